"""Names of made-up people in many scripts, with the places they live in."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Place:
    """Where people come from: how their names are written, and what their telephone numbers begin with."""

    locale: str
    region: str
    time_zone: str
    share: int
    phone: str
    digits: int
    families: Sequence[tuple[str, str]]
    givens: Sequence[tuple[str, str]]
    cities: Sequence[str]


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name as it is written, and in Latin letters."""

    given: str
    family: str
    latin_given: str
    latin_family: str


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    words = text.split()
    return tuple(zip(words[::2], words[1::2], strict=True))


TAIWAN = Place(
    "zh-Hant-TW",
    "TW",
    "Asia/Taipei",
    46,
    "+8869",
    8,
    _pairs(
        "林 Lin 陳 Chen 黃 Huang 張 Chang 李 Lee 王 Wang 吳 Wu 劉 Liu"
        " 蔡 Tsai 楊 Yang 許 Hsu 鄭 Cheng 謝 Hsieh 郭 Kuo 洪 Hung 曾 Tseng"
    ),
    _pairs(
        "雅筑 Yachu 承恩 Chengen 品妍 Pinyan 宥廷 Youting 詩涵 Shihhan 冠宇 Kuanyu 怡君 Yichun 柏翰 Pohan 欣妤 Hsinyu"
        " 俊傑 Chunchieh 淑芬 Shufen 家豪 Chiahao 佩珊 Peishan"
        " 志明 Chihming 婉婷 Wanting 建宏 Chienhung 小燕 Hsiaoyen 子晴 Tzuching"
    ),
    ("臺北市", "臺中市", "高雄市", "臺南市", "新竹市", "花蓮縣"),
)
CHINA = Place(
    "zh-Hans-CN",
    "CN",
    "Asia/Shanghai",
    10,
    "+86138",
    8,
    _pairs("赵 Zhao 钱 Qian 孙 Sun 周 Zhou 冯 Feng 陈 Chen 韩 Han 杨 Yang 刘 Liu 马 Ma"),
    _pairs(
        "子轩 Zixuan 梓涵 Zihan 浩然 Haoran 思远 Siyuan 晓东 Xiaodong"
        " 丽娟 Lijuan 建国 Jianguo 诗琪 Shiqi 云飞 Yunfei 静怡 Jingyi"
    ),
    ("上海市", "杭州市", "成都市", "厦门市"),
)
JAPAN = Place(
    "ja-JP",
    "JP",
    "Asia/Tokyo",
    12,
    "+8190",
    8,
    _pairs("高橋 Takahashi 渡辺 Watanabe 小野寺 Onodera 森 Mori 藤井 Fujii 石川 Ishikawa 長谷川 Hasegawa 斉藤 Saito"),
    _pairs(
        "さくら Sakura 陽菜 Hina 蓮 Ren 大和 Yamato 美咲 Misaki"
        " 悠斗 Yuto ゆかり Yukari 健一 Kenichi ひろし Hiroshi 千尋 Chihiro"
    ),
    ("京都市", "東京都", "札幌市", "金沢市"),
)
KOREA = Place(
    "ko-KR",
    "KR",
    "Asia/Seoul",
    8,
    "+8210",
    8,
    _pairs("김 Kim 이 Yi 박 Park 최 Choi 정 Jung 강 Kang 윤 Yoon"),
    _pairs("서연 Seoyeon 민준 Minjun 지우 Jiwoo 하은 Haeun 도윤 Doyun 수빈 Subin 예린 Yerin 현우 Hyunwoo"),
    ("서울", "부산", "전주"),
)
ARABIC = Place(
    "ar-AE",
    "AE",
    "Asia/Dubai",
    5,
    "+97150",
    7,
    _pairs("الحداد Alhaddad النجار Alnajjar منصور Mansour الخطيب Alkhatib درويش Darwish"),
    _pairs("ليلى Layla يوسف Yusuf نور Nour كريم Karim سلمى Salma طارق Tariq"),
    ("دبي", "الشارقة"),
)
HEBREW = Place(
    "he-IL",
    "IL",
    "Asia/Jerusalem",
    4,
    "+97250",
    7,
    _pairs("לוי Levi פרץ Peretz אברהמי Avrahami שגב Segev"),
    _pairs("נועה Noa איתי Itai תמר Tamar אורי Uri שירה Shira"),
    ("חיפה", "ירושלים"),
)
AMERICA = Place(
    "en-US",
    "US",
    "America/Los_Angeles",
    9,
    "+1415555",
    4,
    _pairs(
        "Okafor Okafor Whitlock Whitlock Marlowe Marlowe Abernathy Abernathy"
        " Delacroix Delacroix O'Neill Oneill Tran Tran"
    ),
    _pairs("Imani Imani Theo Theo Maeve Maeve Caleb Caleb Rosalind Rosalind Desmond Desmond Harper Harper"),
    ("Portland", "Oakland", "Santa Fe"),
)
EUROPE = Place(
    "de-DE",
    "DE",
    "Europe/Berlin",
    6,
    "+49151",
    8,
    _pairs("Brückner Brueckner Öztürk Oeztuerk Lindström Lindstroem Nováková Novakova Żak Zak Fontaine Fontaine"),
    _pairs("Jürgen Juergen Ayşe Ayse Søren Soren Zoë Zoe François Francois Małgorzata Malgorzata"),
    ("München", "Göteborg", "Łódź", "Besançon"),
)
PLACES = (TAIWAN, CHINA, JAPAN, KOREA, ARABIC, HEBREW, AMERICA, EUROPE)
# Some people put a picture behind their name; every list and search has to live with that.
EMOJI = ("🍵", "🌸", "🐈", "☕️", "👩‍🌾", "🎋")
EMOJI_SHARE = 0.03


def pick_place(chance: Random) -> Place:
    """Draw where a person comes from, by the shares of the places."""
    return chance.choices(PLACES, [place.share for place in PLACES])[0]


def pick_name(place: Place, chance: Random) -> Name:
    """Draw a name as people of that place write it."""
    family, latin_family = chance.choice(place.families)
    given, latin_given = chance.choice(place.givens)
    if chance.random() < EMOJI_SHARE:
        given += chance.choice(EMOJI)
    return Name(given, family, latin_given, latin_family)


def pick_phone(place: Place, chance: Random) -> str:
    """Draw a telephone number in E.164."""
    return place.phone + "".join(chance.choices("0123456789", k=place.digits))
