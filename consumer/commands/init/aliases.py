"""What people call the things that TikTok wants to know. Data alone; `matching` reads it.

Names are written without anything between their words and match the end of a field's path, whatever its spelling:
`orderid` is `order_id`, `orderId` and `order.id`. `^id` must be the whole path, and `~state` stand within something
that says what it is of. Tiers go from the sure to the doubtful.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from consumer.commands.init.names import words_in

TEXT: Final = frozenset({"text"})
ID: Final = frozenset({"text", "number"})
NUMBER: Final = frozenset({"number", "text"})
FLAG: Final = frozenset({"true or false"})


class WantedField(NamedTuple):
    """What a field must be to serve as a parameter."""

    kinds: frozenset[str]
    tiers: tuple[str, ...]
    foreign: str = ""
    """Words which before the name make something else of it."""
    takes_lists: bool = False
    most: int = 1
    """So many fields at most, of which the first that is present counts."""
    is_of_person: bool = False
    """Within a record that is not known to be of the person, such as `hotel.city`, it is somebody else's."""
    is_of_order: bool = False
    """Then it is the same whatever it is said to belong to: `store_order_id`."""


WRAPPERS: Final = words_in("data payload body value record message event details detail after properties")
"""Words that say nothing: `payload.id` is as good as `id`."""
PEOPLE: Final = words_in(
    "customer user client buyer shopper visitor person member account contact profile traits identity billing bill "
    "payer purchaser consumer guest subscriber owner kunde acheteur cliente participant"
)
PLACES: Final = words_in("address addr geo location geoip billing shipping bill ship place residence home")
ABBREVIATIONS: Final[Mapping[str, str]] = {
    "evt": "event", "cust": "customer", "usr": "user", "addr": "address", "acct": "account", "acc": "account",
    "no": "number", "nr": "number", "num": "number", "nbr": "number", "prod": "product", "cat": "category",
    "amt": "amount", "ord": "order", "trx": "transaction", "txn": "transaction", "tx": "transaction",
    "curr": "currency", "desc": "description", "ref": "reference", "qty": "quantity", "lang": "language",
}  # fmt: skip
"""Word for word; a name is looked at as it is written, too."""
ABOUT: Final = PEOPLE | PLACES
AROUND: Final = WRAPPERS | words_in(
    "order purchase checkout cart basket transaction sale context session visit web request info personal information "
    "common general meta metadata header root envelope attributes fields"
)
"""Records that a person's fields may stand in without being called one's."""
ANOTHERS: Final = words_in(
    "seller merchant vendor supplier store shop warehouse staff employee agent operator admin support company "
    "organisation organization tenant partner affiliate courier driver carrier server host proxy internal sender "
    "emergency referrer referred sales rep manager campaign utm"
)
"""Words that make a person, an address or a page that of somebody else."""
STALE: Final = words_in("before old previous prev parent")
"""Words that make anything that of another time."""
PERHAPS_ANOTHERS: Final = words_in("shipping ship delivery recipient gift receiver secondary alternate alt")

_NUMBERED: Final = " ".join(f"{word}{end}" for word in sorted(PEOPLE) for end in ("id", "number", "uuid", "reference"))

WANTED: Final[Mapping[str, WantedField]] = {
    "event_id": WantedField(
        ID,
        (
            "eventid eventuuid eventguid eventkey",
            "messageid deduplicationid dedupid dedupeid dedupkey dedupekey idempotencykey insertid hitid "
            "^id ^uuid ^guid uniqueid requestid",
            "orderid ordernumber orderno orderref orderreference transactionid purchaseid bookingid reservationid "
            "reservationnumber bestellid bestellnummer",
        ), is_of_order=True),
    "limited_data_use": WantedField(
        FLAG,
        ("limiteddatause ldu", "restricteddatause donotsell donotsellmydata ccpaoptout ccpa optoutofsale"),
    ),
    "user.email": WantedField(
        TEXT,
        (
            "email emailaddress emailaddr mail emailid useremail",
            "mailaddress mailaddr eml emails mailadresse correo courriel emailhash emailsha256 hashedemail "
            "sha256email contactemail emailaddresses mails mailaddresses emailhashes emailssha256 sha256emails",
        ),
        takes_lists=True,
        most=3, is_of_person=True),
    "user.phone": WantedField(
        ID,
        (
            "phone phonenumber telephone mobile mobilephone cellphone msisdn phoneno",
            "tel cell telno telnumber mobilenumber mobileno cellnumber telephonenumber handy telefon telefonnummer "
            "phones phonehash hashedphone phonesha256 sha256phone phonenumbers mobiles mobilenumbers telephones "
            "telephonenumbers telnumbers cellnumbers phonehashes phonessha256 sha256phones",
        ),
        foreign="verified",
        takes_lists=True,
        most=3, is_of_person=True),
    "user.external_id": WantedField(
        ID,
        (
            "externalid customerid userid memberid customernumber customerno userno uid",
            "clientid buyerid accountid shopperid loyaltyid profileid personid subscriberid contactid customerref "
            "crmid usernumber membernumber customeruuid useruuid userguid externalids customerids userids memberids",
            f"anonymousid visitorid deviceid anonid distinctid customerkey customer user kundennummer {_NUMBERED}",
        ),
        takes_lists=True,
        most=2, is_of_person=True),
    "user.ttclid": WantedField(
        TEXT, ("ttclid tiktokclickid ttclickid tiktokclid", "clickid"), "google facebook fb bing ms gclid fbclid"
    ),
    "user.ttp": WantedField(TEXT, ("ttp tiktokcookie tiktokcookieid", "ttpcookie tiktokp")),
    "user.ip": WantedField(
        TEXT,
        (
            "ip ipaddress ipaddr clientip remoteip userip",
            "ipv4 ipv6 remoteaddr remoteaddress xforwardedfor forwardedfor clientaddress",
        ),
    ),
    "user.user_agent": WantedField(TEXT, ("useragent ua", "uastring useragentstring agent browseragent")),
    "user.locale": WantedField(TEXT, ("locale", "language lang languagecode browserlanguage preferredlanguage")),
    "user.first_name": WantedField(
        TEXT, ("firstname givenname", "fname forename vorname prenom nombre"), is_of_person=True
    ),
    "user.last_name": WantedField(TEXT, ("lastname surname familyname", "lname nachname apellido"), is_of_person=True),
    "user.city": WantedField(
        TEXT, ("~city ~town ~locality", "^city city ~ort ~stadt ~ville ~ciudad"), "origin", is_of_person=True
    ),
    "user.state": WantedField(
        TEXT,
        ("~state ~province ~statecode", "~region ~provincecode ~adminarea province"),
        "origin",
        is_of_person=True,
    ),
    "user.country": WantedField(
        TEXT,
        ("~country ~countrycode ~countryiso ~countryisocode", "country countrycode countryiso ~land ~pays"),
        "origin phone", is_of_person=True),
    "user.zip_code": WantedField(
        ID, ("zipcode postalcode postcode", "zip plz postal postleitzahl codigopostal"), "origin", is_of_person=True),
    "page.url": WantedField(
        TEXT,
        (
            "pageurl webpagedetailsurl currenturl eventsourceurl pagelocation documentlocation locationhref "
            "pageurlfull",
            "landingurl landingpage landingpageurl ^url ^uri ^href weburl siteurl websiteurl sourceurl documenturl "
            "requesturl pagehref pageuri visitedurl browserurl ^page fullurl webpageurl",
        ),
        foreign="image img thumbnail logo callback redirect webhook product avatar",
    ),
    "page.referrer": WantedField(
        TEXT,
        (
            "referrer referer pagereferrer referrerurl refererurl documentreferrer",
            "httpreferrer httpreferer referringurl previousurl camefrom previouspage referringpage",
        ),
    ),
    "properties.currency": WantedField(
        TEXT,
        (
            "currency currencycode ordercurrency",
            "currencyiso isocurrency currencyisocode ccy curr waehrung devise moneda cur",
        ),
        foreign="base target foreign settlement", is_of_order=True),
    "properties.value": WantedField(
        NUMBER,
        (
            "ordertotal ordervalue grandtotal totalprice totalvalue totalamount totalcharge totalcharges orderamount "
            "transactiontotal",
            "purchasevalue purchaseamount carttotal cartvalue baskettotal basketvalue conversionvalue eventvalue "
            "revenue amountpaid paidamount totalpaid amounttotal totalrevenue pricetotal totalprices total value gmv "
            "transactionamount totalcost saletotal salesamount checkouttotal transactionvalue",
            "gesamtbetrag gesamtsumme gesamtpreis amount sum price netamount grossamount ordersum",
        ),
        foreign="sub tax vat shipping discount tip refund refunded fee items item count quantity unit line net due "
        "coupon weight points balance delivery savings lifetime", is_of_order=True),
    "properties.num_items": WantedField(
        frozenset({"number"}),
        ("numitems itemcount itemscount numberofitems totalitems", "totalquantity totalqty numproducts productcount "
         "productscount unitcount nitems"),
    ),
    "properties.search_string": WantedField(
        TEXT,
        (
            "searchstring searchterm searchquery searchtext searchphrase searchkeyword",
            "query keyword keywords searchterms searchkeywords searched ^search ^q searchq searchinput",
        ),
        foreign="sql url db database",
    ),
    "properties.description": WantedField(TEXT, ("^description eventdescription", "orderdescription")),
    "properties.order_id": WantedField(
        ID,
        (
            "orderid ordernumber orderno ordercode orderuuid",
            "transactionid orderref orderreference purchaseid purchasenumber receiptid receiptnumber invoiceid "
            "invoicenumber transactionnumber txid txnid saleid checkoutid "
            "bookingid bookingnumber bookingreference reservationid reservationnumber "
            "confirmationnumber bestellid bestellnummer auftragsnummer",
        ), is_of_order=True),
    "properties.shop_id": WantedField(ID, ("shopid storeid", "shopcode storecode outletid shopno storenumber")),
    "properties.status": WantedField(TEXT, ("orderstatus orderstate", "eventstatus purchasestatus")),
    "properties.content_type": WantedField(TEXT, ("contenttype",), foreign="http header"),
    "properties.customer_type": WantedField(
        TEXT | FLAG, ("customertype isnewcustomer", "newcustomer firstorder isfirstorder isfirstpurchase newbuyer")
    ),
}  # fmt: skip
"""TikTok's parameter → names of fields. Event, time and products are `events`', `moments`' and `products`'."""

COOKIES: Final = frozenset({"cookies", "cookie", "cookiejar"})
URL_QUERIES: Final = frozenset({"queryparams", "urlparams", "queryparameters", "urlparameters", "querystring"})

EVENT_FIELDS: Final = WantedField(
    TEXT,
    ("eventname eventtype event", "^type ^action ^kind ^name ^activity eventaction eventcode ^eventkind ^trigger",
     "~type activitytype actiontype messagetype interaction"),
    foreign="payment content customer product item media device browser card user address account order",
)  # fmt: skip
TIME_FIELDS: Final = WantedField(
    frozenset({"text", "number", "time"}),
    (
        "eventtime eventtimestamp eventts occurredat occurredon happenedat eventdate eventdatetime timeofevent "
        "occurred clienttimestamp timestamp",
        "createdat placedat orderedat purchasedat completedat orderdate orderdatetime ordertime "
        "purchasedate purchasetime purchasedon transactiontime transactiondate createdon createdtime creationtime "
        "creationdate created datecreated timecreated orderplacedat submittedat ^at ^time ^ts ^date ^datetime ts "
        "timestampms timestampmillis tsms occurredtime",
        "sentat receivedat ingestedat recordedat loggedat servertime servertimestamp processedat eventreceivedat time "
        "publishedat originaltimestamp emittedat bestelldatum",
    ),
    foreign="updated modified birth expiry expires deleted shipped delivery due start end departure arrival user "
    "customer account profile registered product item last first session",
)
"""When it happened, then when it was noted."""
_NO: Final = "no not non without never requires require required needs"
_OTHER_CONSENT: Final = "newsletter newsletters email emails mail mails sms push phone call terms"
CONSENT: Final = WantedField(
    FLAG,
    (
        "consentads adsconsent adconsent consentadvertising advertisingconsent marketingconsent consentmarketing "
        "trackingconsent consenttracking adstorage consentad adsallowed allowads adsoptin advertisingoptin "
        "consentforads consentsads consentsmarketing consentgiven hasconsent consent consented "
        "marketingoptin optinmarketing trackingoptin marketingoptedin marketingallowed allowmarketing "
        "acceptsmarketing marketingaccepted trackingallowed allowtracking aduserdata adpersonalization",
        "optin optedin",
    ),
    foreign=f"{_NO} {_OTHER_CONSENT}",
)
REFUSAL: Final = WantedField(
    FLAG,
    (
        "optout optedout donottrack dnt unsubscribed consentrevoked consentwithdrawn consentdenied consentrefused "
        "noconsent nomarketing notracking trackingdisabled marketingdisabled",
    ),
    foreign=f"{_NO} {_OTHER_CONSENT} ccpa",
)
"""True: has not consented. What is about California's law alone is `limited_data_use`."""
CONSENT_WORDS: Final = words_in("opt opted optin optout optedin optedout gdpr dsgvo rgpd tcf dnt donottrack")
CONSENT_STEMS: Final = words_in("consent einwillig unsubscrib")
"""Within a word. A field whose name has one may say who has consented, also where it is not known how."""
REFUSING_WORDS: Final = words_in("out optout not no dnt revoked withdrawn denied refused disabled")
"""With one of them, true is a no."""
TRACKING_WORDS: Final = words_in("track tracking tracked")
"""The same of flags alone: a parcel has a tracking number."""
TEST_FLAG: Final = WantedField(FLAG, ("istest istestorder testorder testevent ^test isinternal",))
