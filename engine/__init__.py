"""What a person can ask for, what is due, and how it is carried out."""
