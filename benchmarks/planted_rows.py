"""Clean rows to plant into: ours, in either invocation, and short ones in Chinese, Japanese and Thai.

Used by planted_shared.py. `ours` runs scripted teachers without faults over the generated encyclopedia.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

import yaml

from trajsynth.codec import read_records
from trajsynth.readers import from_chat
from trajsynth.types import Trajectory

_QUESTIONS = {
    "zh": "渡轮公司的第一任经理是在哪一年接管北码头的？",
    "ja": "渡船会社の初代支配人が北埠頭を引き継いだのは何年ですか？",
    "th": "ผู้จัดการคนแรกของบริษัทเรือข้ามฟากรับช่วงท่าเรือเหนือในปีใด",
}
_SAID = {
    "zh": (
        "首先查找渡轮公司的历史，然后再确认经理的任职时间。",
        "公司的页面提到了两位经理，我要打开较早的那一位的传记。",
        "传记里写着他的出生地和学校，但是没有写明接管的年份。",
        "另一份港务年报列出了各个码头的负责人，值得仔细读一读。",
        "综合这些资料，他在上一任退休之后的第二年接管了北码头，所以答案是一八九二年。",
    ),
    "ja": (
        "まず渡船会社の沿革を調べ、それから支配人の在任期間を確かめます。",
        "会社のページには二人の名前があるので、古い方の伝記を開きます。",
        "伝記には出身地と学校が書かれていますが、引き継いだ年はありません。",
        "港湾年報には各埠頭の責任者が並んでいるので、詳しく読む価値があります。",
        "以上の資料から、前任者が退いた翌年に北埠頭を引き継いだと分かるので、答えは一八九二年です。",
    ),
    "th": (
        "ก่อนอื่นค้นหาประวัติของบริษัทเรือข้ามฟาก แล้วจึงตรวจสอบวาระของผู้จัดการ",
        "หน้าของบริษัทกล่าวถึงผู้จัดการสองคน ฉันจะเปิดชีวประวัติของคนที่มาก่อน",
        "ชีวประวัติบอกบ้านเกิดและโรงเรียน แต่ไม่ได้บอกปีที่รับช่วงต่อ",
        "รายงานประจำปีของการท่าเรือระบุผู้รับผิดชอบแต่ละท่า จึงควรอ่านอย่างละเอียด",
        "จากข้อมูลทั้งหมด เขารับช่วงท่าเรือเหนือหนึ่งปีหลังจากคนก่อนเกษียณ คำตอบคือปีหนึ่งแปดเก้าสอง",
    ),
}
_SHOWN = {
    "zh": ("公司简介与历任经理名单", "传记：生于海边小镇，就读于商船学校", "年报：北码头、南码头、东码头的负责人"),
    "ja": ("会社概要と歴代支配人の一覧", "伝記：海辺の町に生まれる", "年報：北埠頭、南埠頭、東埠頭の責任者"),
    "th": ("ข้อมูลบริษัทและรายชื่อผู้จัดการ", "ชีวประวัติ เกิดที่เมืองริมทะเล", "รายงานประจำปี ท่าเหนือ ท่าใต้"),
}  # fmt: skip
_TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {"type": "object", "properties": {key: {"type": "string"}}, "required": [key]},
        },
    }
    for name, key in (("search", "query"), ("open", "title"), ("fetch", "url"))
]


def unspaced(each: int = 6) -> dict[str, list[Trajectory]]:
    """Language -> rows with three calls and an answer; of every two one is judged wrong."""
    return {language: [from_chat(_row(language, i)) for i in range(each)] for language in _SAID}


def _row(language: str, i: int) -> dict[str, object]:
    dice = Random(f"{language} {i}")
    said, shown = _SAID[language], dice.sample(_SHOWN[language], 3)
    messages: list[dict[str, object]] = [{"role": "user", "content": f"{_QUESTIONS[language]} ({1890 + i})"}]
    for step, (name, arguments) in enumerate(
        (("search", '{"query": "渡"}'), ("open", '{"title": "1892"}'), ("fetch", '{"url": "https://port.example/"}'))
    ):
        call = {"id": f"c{step}", "type": "function", "function": {"name": name, "arguments": arguments}}
        text = said[0] if step == 0 else dice.choice(said[step : step + 2])
        messages.append({"role": "assistant", "content": text, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"c{step}", "content": shown[step]})
    messages.append({"role": "assistant", "content": said[-1]})
    return {
        "id": f"{language}-{i}",
        "group": f"{language}-{i}",
        "answer": "一八九二年の春から秋",
        "messages": messages,
        "tools": _TOOLS,
        "correct": True if i % 2 else None,
    }


def ours(questions: int) -> list[Trajectory]:
    """Two samples a question of a careful teacher, function calling and in-prompt MCP."""
    config = {
        "questions": {"kind": "encyclopedia", "seed": 5, "pages": 300, "questions": questions},
        "teachers": {"t": {"kind": "scripted", "profile": "careful", "faults": {}}},
        "tools": {"corpus": {}},
        "arms": [{"teacher": "t", "invocation": invocation} for invocation in ("function_calling", "mcp")],
        "assign": "grid",
        "samples": 2,
        "concurrency": 32,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clean.yaml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        command = [sys.executable, "-m", "trajsynth", "generate", str(path), "-o", f"{folder}/run"]
        subprocess.run(command, check=False, stdout=sys.stderr)
        shards = sorted((Path(folder) / "run").glob("trajectories-*.jsonl"))
        return [trajectory for shard in shards for trajectory in read_records(shard, Trajectory)]
