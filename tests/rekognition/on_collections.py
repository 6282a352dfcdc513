"""The operations on collections."""

from tests.rekognition.errors import RekognitionError
from tests.rekognition.pages import page
from tests.rekognition.service_model import Json
from tests.rekognition.state import MODEL_VERSION, Account, Collection

OK = 200
MOST_COLLECTIONS = 4096  # a page


def create_collection(account: Account, request: Json) -> Json:
    """Make a collection, unless it is there."""
    name: str = request["CollectionId"]
    if name in account.collections:
        raise RekognitionError("ResourceAlreadyExistsException", f"The collection id: {name} already exists")
    account.collections[name] = made = Collection(name)
    return {"StatusCode": OK, "CollectionArn": made.arn, "FaceModelVersion": MODEL_VERSION}


def describe_collection(account: Account, request: Json) -> Json:
    """How much is in a collection."""
    collection = account.collection(request)
    return {
        "FaceCount": len(collection.vectors),
        "UserCount": len(collection.users),
        "FaceModelVersion": MODEL_VERSION,
        "CollectionARN": collection.arn,
        "CreationTimestamp": collection.created,
    }


def list_collections(account: Account, request: Json) -> Json:
    """The collections of the account."""
    most = account.rules.page_size or MOST_COLLECTIONS
    names, more = page(list(account.collections), request, str, most)
    return {"CollectionIds": list(names), "FaceModelVersions": [MODEL_VERSION] * len(names), **more}


def delete_collection(account: Account, request: Json) -> Json:
    """Remove a collection with all that is in it."""
    collection = account.collection(request)
    del account.collections[collection.collection_id]
    return {"StatusCode": OK}
