"""What people call the fields of a product, and lists of products. Data alone, written as in `aliases`."""

from collections.abc import Mapping
from typing import Final

from consumer.commands.init.aliases import ID, NUMBER, TEXT, WantedField
from consumer.commands.init.names import words_in

ITEM_WANTED: Final[Mapping[str, WantedField]] = {
    "content_id": WantedField(
        ID,
        (
            "sku contentid productid itemid articleid",
            "productcode itemcode productno productnumber itemnumber articlenumber articleno variantid variantsku "
            "skuid skucode gtin ean ean13 upc asin isbn offerid productref productsku "
            "artnr artikelnummer roomtypecode partnumber",
            "^id ^code ^ref ^number productkey productuuid stylecode ^product ^item",
        ),
        foreign="category brand order line parent",
    ),
    "content_name": WantedField(
        TEXT,
        (
            "productname itemname contentname producttitle itemtitle articlename",
            "^name ^title name title productlabel displayname bezeichnung roomtypename",
            "^description productdescription itemdescription ^label",
        ),
        foreign="brand category vendor variant seller",
    ),
    "content_category": WantedField(
        TEXT,
        (
            "category categoryname productcategory itemcategory contentcategory",
            "categorypath producttype department productgroup categorytitle maincategory kategorie subcategory",
            "categoryid categorycode",
        ),
    ),
    "brand": WantedField(TEXT, ("brand brandname productbrand itembrand", "manufacturer vendor make marke", "brandid")),
    "price": WantedField(
        NUMBER,
        (
            "unitprice itemprice priceperunit pricevalue priceamount productprice unitamount",
            "price saleprice sellingprice finalprice unitpriceamount netprice grossprice salesprice paidprice",
            "unitcost cost preis einzelpreis stueckpreis pricepernight amount",
        ),
        foreign="total line list original old discount tax shipping regular was compare recommended retail sub row",
    ),
    "quantity": WantedField(
        NUMBER,
        ("quantity qty", "count units pieces quantityordered orderedquantity itemquantity menge", "amount num"),
        foreign="stock available refunded returned shipped max min",
    ),
}  # fmt: skip
"""A product's field → names, from the product on."""

ITEM_LISTS: Final = (
    "items products lineitems orderitems cartitems orderlines orderlineitems contents basketitems",
    "lines articles rooms cart basket productlist orderedproducts purchasedproducts goods skus positions positionen "
    "orderproducts orderdetails lineitem entries productitems purchaseditems itemlist",
)
"""Lists of products."""
ID_LISTS: Final = WantedField(
    frozenset({"list"}),
    ("contentids productids skus itemids", "skulist productidlist itemidlist productcodes articleids"),
)
PRODUCT_WORDS: Final = words_in("product item article content sku goods artikel producto produit offer")
