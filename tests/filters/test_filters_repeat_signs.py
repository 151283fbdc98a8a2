"""Drift in Chinese, Japanese and Thai: a changed word of several signs, numerals; what only resembles it."""

from __future__ import annotations

import pytest
from rowfakes import codes, says

from trajsynth.filters import RepeatDrift
from trajsynth.filters.drift_signs import changes, han, near, rows, signs
from trajsynth.filters.words import words

ZH = "我现在要到县志里找{}的开放年份再作判断"
JA = "次に公報の中から{}についての記載を探してみます"
TH = "ต่อไปจะค้นหาคำว่า{}ในหนังสือพิมพ์ของจังหวัดอีกครั้ง"
THINGS = {
    ZH: ("石桥", "天文台", "老渡口", "戏院"),
    JA: ("橋", "天文台", "時計塔", "渡し場"),
    TH: ("สะพาน", "หอดูดาว", "ท่าเรือ", "โรงเรียน"),
}


def told(text: str) -> list[str]:
    return words(text)


@pytest.mark.parametrize("form", [ZH, JA, TH])
@pytest.mark.parametrize("joint", ["", "\n", "\n\n"])
def test_a_word_in_one_place(form: str, joint: str) -> None:
    end = " " if form == TH else "。"
    text = joint.join(form.format(thing) + end for thing in THINGS[form])
    assert codes(RepeatDrift().check(says(text))) == ["repeat.drift"]
    three = joint.join(form.format(thing) + end for thing in THINGS[form][:3])
    assert RepeatDrift().keep(says(three))


def counted(form: str, numerals: str) -> tuple[str, ...]:
    return tuple(form.format(numeral) for numeral in numerals.split())


@pytest.mark.parametrize(
    "copies",
    [
        (
            "我现在要到灯塔里找石桥的开放年份",
            "我现在要到县志里找石桥的水车年份",
            "我采石场要到县志里找石桥的开放年份",
            "我现在要到县志里风车桥的开放年份",
        ),
        counted("第{}次查看石桥的页面仍然没有年份", "十九 二十 二十一 二十二"),
        counted("รอบที่ {} ค้นหาชื่อสะพานในหนังสือพิมพ์ของจังหวัด", "๘ ๙ ๑๐ ๑๑"),
    ],
)
def test_words_anywhere_and_numerals(copies: tuple[str, ...]) -> None:
    assert codes(RepeatDrift().check(says("。\n".join(copies) + "。"))) == ["repeat.drift"]


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"{x}是意大利北部的一座城市。" for x in ("米兰", "都灵", "热那亚", "威尼斯")),
        "".join(f"{p}的{x}由当地的商人出资修建而成。" for p, x in zip("甲乙丙丁戊", THINGS[ZH] * 2, strict=False)),
        "".join(f"这座桥建于{y}年并且在战争之后重新修建。" for y in (1871, 1903, 1788, 1650, 1911)),
        "\n".join(f"・{ZH.format(x)}" for x in THINGS[ZH]),
        "\n".join(f"（{n}）{ZH.format(x)}" for n, x in zip("一二三四", THINGS[ZH], strict=True)),
        "\n".join(f"第{n}条 {x}的会员每年应当向协会缴纳会费" for n, x in zip("一二三四", THINGS[ZH], strict=True)),
        "\n".join(f"{x}的分店位于市中心每天营业到晚上十点半" for x in THINGS[ZH]),  # lines that end no sentence
        "".join(f"若第{i}项等于{3 * i}，则它不能被七整除，所以不是要找的数。" for i in range(6)),
        "\n".join(f"年份｜{ZH.format(x)}｜无" for x in THINGS[ZH]),
        "年轻的船长画下了一罐蓝墨水。年轻的船长画下了一罐蓝墨水。年轻的船长画下了一罐蓝墨水。他的侄子画下了一罐蓝墨水。",
    ],
)
def test_facts_and_lists_are_left_alone(text: str) -> None:
    assert RepeatDrift().keep(says(text))


def test_changes() -> None:
    a, b = signs(told("我要找石桥的年份再作判断")), signs(told("我要找天文台的年份再作判断"))
    assert changes(a, b) == ((3, 5, 3, 6),) and near(a, b)
    assert changes(a, a) == () and not near(a, signs(told("他昨天在海边卖掉了两箱橙子")))
    assert changes(signs(told("甲" * 500)), signs(told("乙" * 500))) is None
    assert rows([a, b, a]) == [tuple(a.units), (*a.units[:3], "天文台", "", *a.units[5:]), tuple(a.units)]


@pytest.mark.parametrize(
    ("numeral", "value"), [("三", 3), ("十", 10), ("十二", 12), ("二十三", 23), ("一百二十", 120), ("一九", 19)]
)
def test_numerals(numeral: str, value: int) -> None:
    assert han(numeral) == value
    assert signs(told(f"第{numeral}次")).masked == "第0次"
