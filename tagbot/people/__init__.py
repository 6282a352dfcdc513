"""What people have a say in who are in the photos: whether they are learned, named, and kept at all."""
