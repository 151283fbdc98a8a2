"""Near copies and honest text in Chinese, Japanese and Thai: words and forms of their own, seen by no filter before.

Used by repetition.py (`--scripts`). Severity: 4, 6, 14 copies.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random

from repetition_samples import Sample

THINGS = {
    "zh": (
        "铁匠铺",
        "石桥",
        "图书馆",
        "海关",
        "戏院",
        "水塔",
        "天文台",
        "造船厂",
        "市政厅",
        "老宅",
        "古井",
        "电报局",
        "植物园",
        "驿站",
        "寺庙",
        "火车站",
    ),
    "ja": (
        "図書館",
        "石橋",
        "税関",
        "劇場",
        "天文台",
        "造船所",
        "市役所",
        "井戸",
        "電報局",
        "植物園",
        "神社",
        "駅舎",
        "旧校舎",
        "博物館",
        "時計店",
        "温泉",
    ),
    "th": (
        "ห้องสมุด",
        "สะพานหิน",
        "ด่านศุลกากร",
        "โรงละคร",
        "หอดูดาว",
        "อู่ต่อเรือ",
        "ศาลากลาง",
        "บ่อน้ำ",
        "ไปรษณีย์",
        "สวนพฤกษศาสตร์",
        "วัดเก่า",
        "สถานีรถไฟ",
        "พิพิธภัณฑ์",
        "ตลาดน้ำ",
    ),
}
PLACES = {
    "zh": ("青岛", "泉州", "大理", "嘉兴", "敦煌", "宁波", "洛阳", "桂林", "哈尔滨", "拉萨"),
    "ja": ("函館", "倉敷", "長崎", "松江", "金沢", "弘前", "尾道", "高山", "那覇", "鎌倉"),
    "th": ("เชียงใหม่", "อยุธยา", "ลำปาง", "สงขลา", "น่าน", "ภูเก็ต", "สุโขทัย", "ตรัง", "เลย", "ระยอง"),
}
STUCK = {
    "zh": (
        "让我再检查一下这张照片的拍摄日期",
        "这个网页没有回答我的问题所以需要换一个关键词",
        "我还是不确定作者说的是哪一年的修缮工程",
        "看来必须从头核实这段引文的出处",
        "搜索结果里依旧没有出现建筑师的全名",
    ),
    "ja": (
        "この写真がいつ撮影されたのかをもう一度確認してみます",
        "このページには答えが載っていないので別の言葉で検索します",
        "著者がどの年の改修工事について述べているのかまだ分かりません",
        "引用の出典を最初から確かめ直す必要がありそうです",
        "検索結果には建築家の正式な名前がまだ出てきません",
    ),
    "th": (
        "ขอตรวจสอบวันที่ถ่ายภาพนี้อีกครั้งหนึ่งก่อน",
        "หน้าเว็บนี้ไม่ได้ตอบคำถามจึงต้องเปลี่ยนคำค้นใหม่",
        "ยังไม่แน่ใจว่าผู้เขียนหมายถึงการบูรณะในปีใดกันแน่",
        "คงต้องตรวจทานที่มาของข้อความนี้ใหม่ตั้งแต่ต้น",
        "ผลการค้นหายังไม่มีชื่อเต็มของสถาปนิกปรากฏอยู่เลย",
    ),
}
COUNTED = {
    "zh": ("（第{i}次尝试）{s}。", "{s}，这已经是第{h}次了。", "步骤{i}/50：{s}。", "[{i}] {s}。", "尝试#{i}：{s}。"),
    "ja": ("{i}度目ですが、{s}。", "{s}（試行{i}）。", "[{i}] {s}。", "試行{i}/50：{s}。", "第{h}回、{s}。"),
    "th": ("ครั้งที่ {i}: {s}", "{s} (รอบ {i})", "[{i}] {s}.", "ลองใหม่หมายเลข {i} {s}"),
}
SLOTTED = {
    "zh": (
        "也许我应该在{}的开幕报道里寻找那位建筑师的名字。",
        "我查过了但是关于{}的条目没有写明是谁出资修建的。",
        "{}的页面没有写明开幕的日子，我得再换一个来源看看。",
    ),
    "ja": (
        "もしかすると{}の開館を伝える記事に建築家の名前があるかもしれません。",
        "調べてみましたが{}の項目には誰が費用を出したのか書かれていません。",
        "{}のページには開業した日が書かれていないので別の資料を見てみます。",
    ),
    "th": (
        "บางทีควรค้นหาชื่อสถาปนิกจากข่าวการเปิด{}ในหนังสือพิมพ์ท้องถิ่น",
        "ค้นแล้วแต่รายการเกี่ยวกับ{}ไม่ได้บอกว่าใครเป็นผู้ออกเงินสร้าง",
    ),
}
PROSE = {
    "zh": (
        "这座城市在十九世纪末迅速扩张",
        "港口的货运量连续三年上升",
        "许多工匠从内地搬到了海边",
        "市议会最终批准了新的供水计划",
        "他的女儿后来成了当地第一位女教师",
        "洪水冲走了两座木桥和一间磨坊",
        "报纸用整版篇幅讨论这件事",
        "那年冬天河面结了厚厚的冰",
        "商会决定出资修缮钟楼",
        "铁路通车以后旅客明显增多",
        "信件现存于省档案馆",
        "没有人知道那幅画的下落",
    ),
    "ja": (
        "この町は明治の終わりに急速に広がりました",
        "港の取扱量は三年続けて増えました",
        "多くの職人が内陸から移り住みました",
        "議会はようやく新しい水道計画を認めました",
        "彼の娘はのちに地元で最初の女性教師になりました",
        "洪水で木の橋が二つ流されました",
        "新聞はこの問題を大きく取り上げました",
        "その年の冬は川が厚く凍りました",
        "商工会が時計塔の修理費を出しました",
        "手紙は県の文書館に保管されています",
        "絵の行方を知る人はいません",
    ),
    "th": (
        "เมืองนี้ขยายตัวอย่างรวดเร็วในปลายศตวรรษที่สิบเก้า",
        "ปริมาณสินค้าที่ท่าเรือเพิ่มขึ้นสามปีติดต่อกัน",
        "ช่างฝีมือจำนวนมากย้ายมาอยู่ริมทะเล",
        "สภาเมืองอนุมัติโครงการประปาใหม่ในที่สุด",
        "ลูกสาวของเขาเป็นครูหญิงคนแรกของท้องถิ่น",
        "น้ำท่วมพัดสะพานไม้ไปสองแห่ง",
        "หนังสือพิมพ์ลงข่าวเรื่องนี้ทั้งหน้า",
        "ฤดูหนาวปีนั้นแม่น้ำกลายเป็นน้ำแข็ง",
        "หอการค้าออกเงินซ่อมหอนาฬิกา",
        "จดหมายเก็บไว้ที่หอจดหมายเหตุจังหวัด",
    ),
}
END = {"zh": "。", "ja": "。", "th": " "}
_HAN = "一二三四五六七八九十"
_COPIES = (4, 6, 14)
_HEADS = {"zh": ("年份", "地点", "状态"), "ja": ("年", "場所", "状態"), "th": ("ปี", "สถานที่", "สถานะ")}
_STATE = {"zh": "对外开放", "ja": "一般公開中", "th": "เปิดให้เข้าชม"}
_ITEMS = {
    "zh": "查看{x}的页面并记下开放的年份",
    "ja": "{x}のページを開いて公開された年を書き留める",
    "th": "เปิดหน้าของ{x}แล้วจดปีที่เปิดให้เข้าชม",
}
_NOTED = {
    "zh": "{p}的{x}：建于{y}年，目前对外开放",
    "ja": "{p}の{x}：{y}年に建てられ、現在も公開中",
    "th": "{x}ที่{p}: สร้างปี {y} ยังเปิดให้เข้าชม",
}
_FACTS = {
    "zh": ("{p}的{x}建于{y}年。", "{y}年，{p}有了自己的{x}。", "{p}属于中国的历史名城。"),
    "ja": ("{p}の{x}は{y}年に建てられました。", "{y}年、{p}に{x}ができました。", "{p}は古い町です。"),
    "th": ("{x}ที่{p}สร้างในปี {y}", "ในปี {y} {p}มี{x}เป็นของตัวเอง", "{p}เป็นเมืองเก่า"),
}
_CASE = {
    "zh": "当n={n}时，和为{a}，余数是{b}。",
    "ja": "n={n}のとき、和は{a}で余りは{b}です。",
    "th": "เมื่อ n={n} ผลรวมคือ {a} เศษ {b}",
}
_SIFT = {
    "zh": "{x}建于{y}年，早于一九〇〇年，可以排除。",
    "ja": "{x}は{y}年に建てられたので候補から外れます。",
    "th": "{x}สร้างปี {y} จึงตัดออก",
}


def _numeral(n: int) -> str:
    tens, ones = divmod(n, 10)
    return ("" if tens == 0 else "十" if tens == 1 else f"{_HAN[tens - 1]}十") + (_HAN[ones - 1] if ones else "")


def _around(dice: Random, lang: str, text: str) -> str:
    before, after = dice.sample(PROSE[lang], 2)
    joint = dice.choice(("\n", "\n\n"))
    return f"{before}{END[lang].strip()}{joint}{text}{joint}{after}{END[lang].strip()}"


def _joint(dice: Random, lang: str) -> str:
    return dice.choice(("\n", "\n\n", " " if lang == "th" else ""))


def _counter(dice: Random, lang: str, copies: int) -> str:
    form, stuck = dice.choice(COUNTED[lang]), dice.choice(STUCK[lang])
    start = dice.choice((1, 3, 8))
    lines = [form.format(i=start + i, h=_numeral(start + i), s=stuck) for i in range(copies)]
    return _joint(dice, lang).join(lines)


def _slot(dice: Random, lang: str, copies: int) -> str:
    form, things = dice.choice(SLOTTED[lang]), dice.sample(THINGS[lang], len(THINGS[lang]))
    return _joint(dice, lang).join(form.format(things[i % len(things)]) for i in range(copies))


def _word(dice: Random, lang: str, copies: int) -> str:
    """A stretch of two signs (Thai: five) anywhere is another thing."""
    said = dice.choice(STUCK[lang]) + ("" if lang == "th" else "，" + dice.choice(PROSE[lang]))
    width = 5 if lang == "th" else 2
    lines = []
    for _ in range(copies):
        at = dice.randrange(0, len(said) - width)
        lines.append(said[:at] + dice.choice(THINGS[lang]) + said[at + width :] + END[lang].strip())
    return _joint(dice, lang).join(lines)


def _table(dice: Random, lang: str, size: int) -> str:
    rows = [(str(1900 + i), dice.choice(THINGS[lang]), _STATE[lang]) for i in range(size)]
    style = dice.choice(("markdown", "wide", "csv", "tab", "aligned"))
    rows = [_HEADS[lang], *rows]
    if style == "markdown":
        return "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], ("---",) * 3, *rows[1:]])
    joint = {"wide": "｜", "csv": ",", "tab": "\t", "aligned": "      "}[style]
    return "\n".join(joint.join(row) for row in rows)


def _list(dice: Random, lang: str, size: int) -> str:
    marks: tuple[Callable[[int], str], ...] = (
        lambda i: f"{i}. ",
        lambda i: f"{i}、",
        lambda i: f"（{_numeral(i)}）",
        lambda i: f"({i}) ",
        lambda i: chr(0x2460 + (i - 1) % 20),
        lambda i: "- ",
        lambda i: "・",
        lambda i: f"[{i}] ",
        lambda i: f"- [ ] {i}: ",
    )
    mark, form = dice.choice(marks), dice.choice((_ITEMS[lang], _NOTED[lang]))
    end = dice.choice(("", "；" if lang == "zh" else ""))
    things = dice.sample(THINGS[lang], len(THINGS[lang]))
    return "\n".join(
        mark(i)
        + form.format(x=things[i % len(things)], p=dice.choice(PLACES[lang]), y=1700 + dice.randrange(250))
        + end
        for i in range(1, size + 1)
    )


def _json(dice: Random, lang: str, size: int) -> str:
    year, place, state = _HEADS[lang]
    rows = [{year: 1800 + i, place: dice.choice(THINGS[lang]), state: _STATE[lang]} for i in range(size)]
    style = dice.choice(("lines", "indented", "flat", "yaml"))
    if style == "lines":
        return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    if style == "yaml":
        return "\n".join(f"- {year}: {r[year]}\n  {place}: {r[place]}\n  {state}: {r[state]}" for r in rows)
    return json.dumps(rows, ensure_ascii=False, indent=2 if style == "indented" else None)


def _code(dice: Random, lang: str, size: int) -> str:
    form = dice.choice(
        (
            'print("{s}：{x}")',
            "# {s}：{x}\nopen_page({i})",
            "assert state_of({i}) == '{s}', '{x}'",
            "INSERT INTO places VALUES ({i}, '{x}', '{s}');",
            'map.put("{x}", "{s}");',
            "<li>{x}：{s}</li>",
        )
    )
    text = "\n".join(form.format(i=i, x=dice.choice(THINGS[lang]), s=_STATE[lang]) for i in range(size))
    return f"```\n{text}\n```" if dice.random() < 0.4 else text


def _log(dice: Random, lang: str, size: int) -> str:
    form = dice.choice(
        ("2031-03-0{d} 10:{m:02}:00 INFO {s}：{x}", "[{i}/{n}] {x} {s}", "10:{m:02}:07 {x} {s}", "[INFO] {x} {s} {m}ms")
    )
    return "\n".join(
        form.format(d=1 + i % 9, m=i % 60, i=i, n=size, x=dice.choice(THINGS[lang]), s=_STATE[lang])
        for i in range(1, size + 1)
    )


def _facts(dice: Random, lang: str, size: int) -> str:
    form = dice.choice(_FACTS[lang])
    places = dice.sample(PLACES[lang], min(size, 7))
    return ("" if lang != "th" else " ").join(
        form.format(p=p, x=dice.choice(THINGS[lang]), y=1700 + dice.randrange(250)) for p in places
    )


def _cases(dice: Random, lang: str, size: int) -> str:
    form = dice.choice((_CASE, _SIFT))[lang]
    joint = "\n" if dice.random() < 0.5 else ("" if lang != "th" else " ")
    return joint.join(
        form.format(n=n, a=dice.randrange(900), b=dice.randrange(9), x=dice.choice(THINGS[lang]), y=1700 + n * n)
        for n in range(size)
    )


def _fields(dice: Random, lang: str, size: int) -> str:
    colon = dice.choice(("：", ": "))
    heads, state = _HEADS[lang], _STATE[lang]
    return "\n\n".join(
        f"{heads[1]}{colon}{dice.choice(PLACES[lang])}{dice.choice(THINGS[lang])}\n{heads[0]}{colon}{1800 + i}\n"
        f"{heads[2]}{colon}{state}"
        for i in range(size)
    )


def _dialogue(dice: Random, lang: str, size: int) -> str:
    names = {"zh": ("甲", "乙"), "ja": ("客", "店員"), "th": ("ถาม", "ตอบ")}[lang]
    lines = dice.sample(PROSE[lang], min(size, 10))
    return "\n".join(f"{names[i % 2]}：{line}{END[lang].strip()}" for i, line in enumerate(lines))


def _prose(dice: Random, lang: str, size: int) -> str:
    return END[lang].join(dice.sample(PROSE[lang], min(size, 10))) + END[lang].strip()


PLANTED = {"counter": _counter, "slot": _slot, "word": _word}
HONEST = {
    "table": _table,
    "list": _list,
    "JSON, YAML": _json,
    "code": _code,
    "log": _log,
    "facts": _facts,
    "cases": _cases,
    "fields": _fields,
    "dialogue": _dialogue,
    "prose": _prose,
}


def script_positives(seed: int, each: int) -> Iterator[Sample]:
    """Drift of each kind, language and grade."""
    for lang in THINGS:
        for kind, made in PLANTED.items():
            for grade, copies in enumerate(_COPIES, 1):
                for i in range(each):
                    dice = Random(f"{seed} scripts {lang} {kind} {grade} {i}")
                    yield Sample(
                        f"{lang}, {kind}", "repeat.drift", grade, _around(dice, lang, made(dice, lang, copies))
                    )


def script_negatives(seed: int, each: int) -> Iterator[Sample]:
    """Honest text of each kind and language, 4 to 30 rows."""
    for lang in THINGS:
        for kind, made in HONEST.items():
            for i in range(each):
                dice = Random(f"{seed} scripts {lang} {kind} {i}")
                yield Sample(
                    f"{lang}, {kind}", "", 0, _around(dice, lang, made(dice, lang, dice.choice((4, 8, 15, 30))))
                )
