"""Words and sentences the samples of repetition are made of, in English, Chinese, Japanese and Thai; our own."""

from __future__ import annotations


def _parts(text: str) -> list[str]:
    """The parts between slashes and line ends."""
    return [part.strip() for line in text.strip().splitlines() for part in line.split("/") if part.strip()]


WHO = _parts("""
    the archivist / a retired engineer / the harbour office / her second brother / the town council
    an early critic / the younger partner / one of the curators / the printing house / a local teacher
    the survey team / the orchestra / a visiting botanist / the new owner / the last keeper / an anonymous donor
    the railway company / his former pupil / the parish clerk / a rival workshop / the film studio / the observatory
    a court painter / the mining union / the expedition's doctor
""")

DID = _parts("""
    wrote down / had to sell / never mentioned / rebuilt / paid for / measured / lost / described / carried away
    restored / photographed / opposed / inherited / moved / catalogued / lent out / forgot about / argued over
    printed / hid / sketched / discovered / closed / opened / renamed
""")

WHAT = _parts("""
    the old sea wall / three crates of letters / a small bronze bell / the northern bridge / most of the drawings
    the town clock / an unfinished map / the glass roof / the second telescope / a debt of some size
    the garden behind the mill / two portraits / the water tower / the first edition / a box of seeds
    the theatre's stage / the lighthouse stairs / an iron gate / the signal cabin / a set of chairs
    the main staircase / the school bell / a rare fern / the organ pipes / a pair of scales
""")

WHEN = _parts("""
    in the spring of 1871 / before the war / after a long dispute / without telling anyone / for almost ten years
    during the flood / on a Sunday morning / at his own expense / under a false name / when the price of rope fell
    against all advice / in the same week / shortly after the fire / with help from abroad
    while the court was away / by the light of two lamps / late that autumn / to everyone's surprise
    for the last time / as the records show / at the request of a friend / over the winter
""")

WHY = _parts("""
    because the records were wet / so that the school could open / which nobody had expected
    though the letters say otherwise / and the papers took note of it / as a later inventory shows
    since the lease had ended / until the council stepped in / which explains the gap in the lists
    but the price was never named
""")

STUCK = _parts("""
    I still need to find the name of the architect before I can answer
    Let me open the page of the museum once more and read it carefully
    The search results do not say when the bridge was finished
    I should check whether the two dates really agree with each other
    Wait, that cannot be right, because the founder died earlier
    So the next step is to look up the birthplace of the composer
    Let me try a different query for the same institution
    I will verify this with another source before giving the answer
    Hmm, the page does not mention the year of the expedition
    It seems that the tool did not return what I was looking for
    The answer must be somewhere in the list of earlier directors
    Let me think again about which of the two towns is meant
""")

NOUNS = _parts("""
    museum / bridge / archive / theatre / harbour / library / school / observatory / garden / station / tower
    chapel / market / workshop / mill / gallery / college / hospital / palace / fountain
""")

NAMES = _parts("""
    Arvel / Bentry / Corlo / Dasmere / Elvin / Fordane / Gellow / Hasting / Irvane / Jorrel / Kesten / Lomar / Mirow
    Norby / Orsel
""")

ZH = _parts("""
    我需要再查一下这座博物馆的建立年份 / 让我重新打开那个页面仔细看一遍
    搜索结果里没有提到建筑师的名字 / 接下来我应该核对这两个日期是否一致
    看来这个工具没有返回我要找的内容 / 也许应该换一个关键词再搜索一次
    这位作曲家的出生地还没有确认 / 我先把已经知道的事实整理一下
""")

ZH_PROSE = _parts("""
    桥是在洪水之后重新修建的 / 市议会为此争论了很久 / 他的学生后来写了一本回忆录
    码头边的钟楼现在是一家书店 / 那几封信一直保存在学校里 / 工程师在冬天离开了这座城市
    花园里种着从国外带回的植物 / 账本上没有写明具体的价格 / 两幅肖像被借给了邻近的画廊
    老剧院的舞台比现在的更宽 / 测量队在山上停留了三个星期 / 第一版地图印得很少
    灯塔的楼梯有一百多级 / 铁门是由一位捐赠者出钱修的 / 这所学校的钟声每天响两次
    旧磨坊后来改成了仓库 / 教师们对新的规定并不满意 / 火车站的屋顶用的是玻璃
    望远镜在战争中遗失了 / 那位画家用的是另一个名字
""")

JA = _parts("""
    もう一度この博物館の設立年を確認する必要があります / 検索結果には建築家の名前が書かれていません
    次に二つの日付が一致するかどうかを調べます / 別のキーワードでもう一度検索してみましょう
    この作曲家の出身地はまだ分かっていません
""")

JA_PROSE = _parts("""
    橋は洪水のあとに建て直されました / 議会は長いあいだ議論を続けました
    彼の弟子は後に回想録を書きました / 港の時計台は今では本屋になっています
    手紙は学校に保管されています / 技師は冬に町を去りました / 庭には外国の植物が植えられています
    帳簿には値段が書かれていません / 二枚の肖像画は画廊に貸し出されました
    古い劇場の舞台は今より広かったそうです / 測量隊は山に三週間とどまりました
    灯台の階段は百段以上あります
""")

TH = _parts("""
    ฉันต้องตรวจสอบปีที่ก่อตั้งพิพิธภัณฑ์อีกครั้ง
    ผลการค้นหาไม่ได้บอกชื่อของสถาปนิก
    ลองค้นหาด้วยคำอื่นอีกครั้งหนึ่ง
    ขั้นต่อไปคือเปรียบเทียบวันที่ทั้งสองแห่ง
    ยังไม่ทราบบ้านเกิดของนักแต่งเพลงคนนี้
""")

TH_PROSE = _parts("""
    สะพานถูกสร้างขึ้นใหม่หลังน้ำท่วม
    สภาเมืองถกเถียงเรื่องนี้อยู่นาน
    ลูกศิษย์ของเขาเขียนหนังสือเล่มหนึ่ง
    หอนาฬิกาตอนนี้เป็นร้านหนังสือ
    จดหมายเหล่านั้นเก็บไว้ที่โรงเรียน
    วิศวกรออกจากเมืองในฤดูหนาว
    ในสวนมีต้นไม้จากต่างประเทศ / บัญชีไม่ได้ระบุราคา
    ภาพวาดสองภาพถูกยืมไป
    เวทีของโรงละครเก่ากว้างกว่าตอนนี้
    คณะสำรวจอยู่บนภูเขาสามสัปดาห์
    บันไดประภาคารมีมากกว่าร้อยขั้น
""")

ORDINALS = _parts("""
    first / second / third / fourth / fifth / sixth / seventh / eighth / ninth / tenth / eleventh / twelfth
""")
