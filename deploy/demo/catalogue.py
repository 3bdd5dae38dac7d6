"""What the made-up shop sells: teas, pots and what goes with them; prices in whole TWD."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """One thing on the shelf."""

    sku: str
    title: str
    price: int


TEAS = (
    Product("LL-T01", "晨霧高山烏龍 75 g", 420),
    Product("LL-T02", "晨霧高山烏龍 150 g", 780),
    Product("LL-T03", "蜜香小葉紅茶 75 g", 360),
    Product("LL-T04", "桂花包種 100 g", 450),
    Product("LL-T05", "老欉鐵觀音 150 g", 960),
    Product("LL-T06", "Lantern Breakfast Blend 100 g", 340),
    Product("LL-T07", "夜明け煎茶 80 g", 520),
    Product("LL-T08", "제주 말차 40 g", 610),
    Product("LL-T09", "Smoky Harbour 100 g", 390),
    Product("LL-T10", "شاي النعناع 100 g", 330),
)
GIFTS = (
    Product("LL-G01", "中秋團圓禮盒", 1880),
    Product("LL-G02", "四季茶選 Four Seasons Box", 1480),
    Product("LL-G03", "一人份茶席組", 1260),
)
TOOLS = (
    Product("LL-P01", "柴燒急須 240 ml", 3200),
    Product("LL-P02", "Glass Teapot 'Drizzle' 600 ml", 980),
    Product("LL-P03", "白瓷蓋碗", 680),
    Product("LL-P04", "銀壺（手打）", 18800),
    Product("LL-P05", "Travel Tin, Indigo", 290),
)
CHARM = Product("LL-S01", "茶票貼紙 Sticker 🍵", 50)
WHOLESALE = (
    Product("LL-W01", "烏龍茶 商用 3 kg", 9600),
    Product("LL-W02", "紅茶 商用 3 kg", 7800),
    Product("LL-W03", "Branded cups, 500 pcs", 12500),
)
COUPONS = ("WELCOME50", "MIDAUTUMN", "FRIEND10", "謝謝你")
