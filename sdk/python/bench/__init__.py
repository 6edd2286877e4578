"""What the client costs against the bare generated stub; `python -m bench` tells."""
