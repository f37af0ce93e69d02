"""Programs for those who build the product; the site imports none of them."""
