"""`make docs`: write what the documents take from the code."""

from tests.documents.generated import files

if __name__ == "__main__":
    for path, text in files():
        path.write_text(text)
