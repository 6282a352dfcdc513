"""What an operator has done now and then: redrive, reconcile, transfer to another place."""
