"""Sentences of our own in four languages: what an agent says that is stuck, and what it says between.

Level 3, imports types. Used where a trajectory has too few words of its own. Chinese, Japanese and Thai stand for the
scripts without spaces. Tests: tests/testing/test_testing_plant_copies.py.
"""

from __future__ import annotations

import re
from random import Random
from typing import Final

from trajsynth.testing.place import Place

STUCK: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "The timetable still does not say which platform the ferry train uses",
        "Perhaps the harvest figures are hidden further down in that report",
        "Honestly the laboratory never published the second half of its readings",
        "We should open the ledger again and count the barrels one more time",
        "My best guess remains that the sculptor moved away before the war",
        "None of these catalogues lists the orchid under its older name",
        "It would help to know when the lighthouse keeper signed the logbook",
        "Someone must have renamed the observatory after the merger went through",
        "Again the archive returns the same three letters from the consul",
        "Checking the freight records once more seems like the only way forward",
        "The broth clearly wants saffron before it starts to simmer",
        "So far no passenger list mentions the violinist or her brother",
    ),
    "zh": (
        "时刻表上仍然没有写明渡轮列车停靠哪个站台",
        "也许收成数字藏在那份报告更靠后的地方",
        "实验室始终没有公布后一半的读数",
        "这些目录里都没有用旧名登记那种兰花",
        "我们应该重新翻开账本再数一遍酒桶",
        "档案馆又寄回了领事的那三封信",
        "到目前为止没有乘客名单提到那位小提琴手",
    ),
    "ja": (
        "時刻表には連絡列車がどのホームに着くのかまだ書かれていません",
        "収穫量の数字は報告書のもっと後ろにあるのかもしれません",
        "研究所は測定値の後半をとうとう公表しませんでした",
        "どの目録にもその蘭は古い名前では載っていません",
        "帳簿をもう一度開いて樽の数を数え直すべきでしょう",
        "文書館からまた領事の三通の手紙が戻ってきました",
        "乗客名簿にはまだバイオリン奏者の名前が見つかりません",
    ),
    "th": (
        "ตารางเวลายังไม่ได้บอกว่ารถไฟไปท่าเรือจอดที่ชานชาลาไหน",
        "บางทีตัวเลขการเก็บเกี่ยวอาจซ่อนอยู่ในหน้าหลังของรายงานนั้น",
        "ห้องทดลองไม่เคยเผยแพร่ค่าที่วัดได้ในครึ่งหลังเลย",
        "ไม่มีสมุดรายชื่อเล่มไหนบันทึกกล้วยไม้ต้นนั้นด้วยชื่อเดิม",
        "เราควรเปิดสมุดบัญชีอีกครั้งแล้วนับถังไม้ใหม่ทั้งหมด",
        "หอจดหมายเหตุส่งจดหมายของกงสุลสามฉบับเดิมกลับมาอีก",
        "จนถึงตอนนี้ยังไม่มีรายชื่อผู้โดยสารที่กล่าวถึงนักไวโอลิน",
    ),
}
"""Sentences without their end mark, each of more than six words."""

_PARTS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "en": (
        ("A clerk", "The younger captain", "Every visitor", "Her nephew", "One surveyor", "That bakery", "The choir",
         "An old map", "The second witness", "Their neighbour", "A retired nurse", "The harbour office"),
        ("sold", "described", "kept", "painted", "borrowed", "returned", "mended", "weighed", "copied", "lost"),
        ("two crates of oranges", "a brass telescope", "the winter curtains", "an unsigned contract", "its best horse",
         "a jar of blue ink", "the longest ladder", "every spare key", "a photograph of the quay", "some rye flour"),
        ("without telling anybody", "in the early spring", "for less than it cost", "as the newspapers had announced",
         "while it was raining", "and never spoke of it", "at the request of the mayor", "long before the strike",
         "although the shop was closed", "near the upper lock"),
    ),
    "zh": (
        ("一位职员", "年轻的船长", "每个游客", "她的侄子", "那家面包店", "合唱团", "第二位证人", "退休的护士"),
        ("在春天", "在下雨的时候", "没有告诉任何人就", "应镇长的要求", "在罢工之前", "按照报纸的说法"),
        ("卖掉了", "借走了", "修好了", "画下了", "寄回了", "称了称"),
        ("两箱橙子", "一架铜望远镜", "冬天的窗帘", "没有签字的合同", "最好的马", "一罐蓝墨水", "码头的照片"),
    ),
    "ja": (
        ("ある事務員は", "若い船長は", "訪問者は皆", "彼女の甥は", "あのパン屋は", "合唱団は", "看護師は"),
        ("春先に", "雨の中で", "誰にも告げずに", "町長の頼みで", "ストライキの前に", "新聞の通りに"),
        ("オレンジ二箱を", "真鍮の望遠鏡を", "冬のカーテンを", "署名のない契約書を", "青いインク瓶を"),
        ("売りました", "借りました", "直しました", "描きました", "返しました", "量りました"),
    ),
    "th": (
        ("เสมียนคนหนึ่ง", "กัปตันหนุ่ม", "ผู้มาเยือนทุกคน", "หลานชายของเธอ", "ร้านขนมปังนั้น", "คณะนักร้อง", "พยานคนที่สอง"),
        ("ขาย", "ยืม", "ซ่อม", "วาด", "ส่งคืน", "ชั่งน้ำหนัก"),
        ("ส้มสองลัง", "กล้องทองเหลือง", "ม่านฤดูหนาว", "สัญญาที่ไม่มีลายเซ็น", "ม้าตัวที่ดีที่สุด", "ขวดหมึกสีฟ้า"),
        ("โดยไม่บอกใคร", "ในต้นฤดูใบไม้ผลิ", "ระหว่างที่ฝนตก", "ตามคำขอของนายกเทศมนตรี", "ก่อนการนัดหยุดงาน"),
    ),
}  # fmt: skip

NOUNS: Final[dict[str, tuple[str, ...]]] = {
    "en": ("lantern", "quarry", "tannery", "chapel", "regatta", "granary", "foundry", "aqueduct", "pharmacy", "viaduct",
           "orchard", "smithy", "cannery", "menagerie", "windmill", "brewery", "seminary", "arsenal", "sawmill",
           "aviary", "ropewalk", "dairy", "icehouse", "belfry"),
    "zh": ("灯塔", "采石场", "礼拜堂", "粮仓", "铸造厂", "药房", "果园", "风车", "酒坊", "锯木厂", "鸟舍", "冰窖",
           "渡口", "兵工厂", "水渠", "牧场", "染坊", "邮局", "钟楼", "磨坊"),
    "ja": ("灯台", "採石場", "礼拝堂", "穀倉", "鋳物工場", "薬局", "果樹園", "風車", "酒蔵", "製材所", "鳥小屋", "氷室",
           "渡し場", "兵器庫", "水路", "牧場", "染物屋", "郵便局", "鐘楼", "水車"),
    "th": ("ประภาคาร", "เหมืองหิน", "โบสถ์", "ยุ้งฉาง", "โรงหล่อ", "ร้านยา", "สวนผลไม้", "กังหันลม", "โรงเบียร์",
           "โรงเลื่อย", "กรงนก", "โรงน้ำแข็ง", "ท่าข้าม", "คลังแสง", "คลองส่งน้ำ", "ทุ่งหญ้า", "โรงย้อมผ้า", "หอระฆัง"),
}  # fmt: skip
"""Words to put in the place of others."""

END: Final = {"en": ".", "zh": "。", "ja": "。", "th": ""}
JOINT: Final = {"en": " ", "zh": "", "ja": "", "th": " "}
"""What ends a sentence, and what stands between two."""
_SCRIPTS: Final = (("th", "[\u0e00-\u0e7f]"), ("ja", "[\u3040-\u30ff]"), ("zh", "[\u4e00-\u9fff]"))


def language(place: Place) -> str:
    """Thai, Japanese or Chinese where a tenth of what is said and shown is in its script; else English."""
    texts = [message.content + message.reasoning for message in place.messages]
    text = "".join(texts) + place.trajectory.question.text
    letters = len(re.findall(r"[^\W\d_]", text))
    return next((name for name, script in _SCRIPTS if len(re.findall(script, text)) > letters / 10), "en")


def sentence(dice: Random, lang: str) -> str:
    """One of several thousand (English) or a few hundred sentences, with its end mark."""
    return _told([dice.choice(part) for part in _PARTS[lang]], lang)


def sentences(dice: Random, lang: str, count: int) -> list[str]:
    """Sentences of which no two are alike but for one part."""
    made: list[list[str]] = []
    while len(made) < count:
        parts = [dice.choice(part) for part in _PARTS[lang]]
        most = len(parts) - (2 if len(made) < 40 else 1)
        if all(sum(a == b for a, b in zip(parts, old, strict=True)) <= most for old in made):
            made.append(parts)
    return [_told(parts, lang) for parts in made]


def _told(parts: list[str], lang: str) -> str:
    return ("" if lang == "th" else JOINT[lang]).join(parts) + END[lang]
