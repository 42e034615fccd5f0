"""What a picture shows: decoding safely, known pictures, and a classifier."""
