"""What the machine sees in pictures: where faces are, and whom they resemble."""
