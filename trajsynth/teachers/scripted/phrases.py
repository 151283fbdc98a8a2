"""The stock of wordings that `wording` draws from. Data only; `<name>` is a blank. Imports nothing.

Tests: tests/teachers/scripted/test_scripted_wording.py.
"""

from __future__ import annotations

PLAN_OPEN = (
    "Here is how I will go about it.",
    "Plan before I touch any tool:",
    "Let me lay out the route first.",
    "My plan for this question:",
    "Breaking the task into pieces:",
    "First, the order of work.",
    "This is the path I intend to follow:",
    "To keep it tidy I split the problem up.",
    "Outline of the search:",
    "What has to be established, one thing at a time:",
    "Sketch of the steps ahead:",
    "I would tackle it in this sequence.",
)
PLAN_STEP = (
    "find out <hop>",
    "look up <hop>",
    "establish <hop> from a page",
    "get <hop>",
    "determine <hop>, with a source",
    "pin down <hop>",
    "work out <hop>",
    "read off <hop>",
    "settle <hop>",
    "identify <hop>",
)
PLAN_TAIL = (
    "check the decisive fact once more, then answer",
    "confirm against the page itself and report",
    "compare with the wording of the question before answering",
    "make sure nothing was confused, then conclude",
    "verify the last link of the chain and finish",
    "reread what I noted and give the result",
    "double-check names that look alike, then state it",
    "if the pages disagree, look for a second source; otherwise answer",
)
FIRST_ACTION = (
    "I begin with <target>.",
    "Starting point: <target>.",
    "The first thing to open up is <target>.",
    "Let me see what there is on <target>.",
    "<target> looks like the right place to enter.",
    "So, first of all, <target>.",
    "Getting going with <target>.",
    "Now to step one, which concerns <target>.",
    "Everything hangs on <target>, hence that comes first.",
    "Off to <target>.",
)
HASTY_START = (
    "Quick look at <target>.",
    "Let me just check <target>.",
    "Should be easy: <target>.",
    "Going straight for <target>.",
    "Probably one lookup will do; trying <target>.",
    "I'll try <target> right away.",
    "No need for much ado, <target> it is.",
    "Checking <target> and then answering.",
)
NEXT = (
    "Next I need <goal>.",
    "That leaves <goal>.",
    "Now for <goal>.",
    "The following piece is <goal>.",
    "With that in hand I go on to <goal>.",
    "What remains open is <goal>.",
    "Let me turn to <goal>.",
    "So the question moves on to <goal>.",
    "I will now try to get <goal>.",
    "Moving along: <goal>.",
    "Still missing: <goal>.",
    "From here the trail leads to <goal>.",
)
NOTHING_NEW = (
    "That brought nothing I can use.",
    "Not what I was after.",
    "The result does not settle it.",
    "No luck with this attempt.",
    "This does not contain the detail I want.",
    "Little gained there, so a different angle.",
    "The answer is not in there.",
    "I have to come at it from another side.",
)
CHECK = (
    "Before I commit, a second look at <target>.",
    "To be on the safe side I confirm it with <target>.",
    "One more check, this time on <target>.",
    "I want this supported twice, so <target> again from another side.",
    "A short cross-check through <target> will not hurt.",
    "Let me make certain by consulting <target>.",
    "Verifying with <target> before I answer.",
    "It fits, yet I prefer to see <target> confirm it.",
)
NOTE_LEADS = (
    "Noted from",
    "The page says",
    "Recorded from",
    "Worth keeping from",
    "Evidence in",
    "Read in",
    "As stated in",
    "Key line of",
    "Found under",
    "According to",
    "I take down from",
    "Relevant passage in",
)
RECAP = (
    "So far <fact>.",
    "It turns out that <fact>.",
    "We know now that <fact>.",
    "From what I read, <fact>.",
    "The pages show that <fact>.",
    "One thing is settled: <fact>.",
    "Clearly, <fact>.",
    "In other words, <fact>.",
    "That tells me <fact>.",
    "As far as the sources go, <fact>.",
    "Established: <fact>.",
    "The record has it that <fact>.",
)
REASON_FIRST = (
    "The user wants to know something about <topic>, and I should not rely on memory for that.",
    "Let me think about what is really asked here. It concerns <topic>, so a lookup is due.",
    "Several facts may be chained together in this one; <topic> is where the chain can be grabbed.",
    "I have no firm recollection of <topic>. A source will have to tell.",
    "Parsing the question: the anchor seems to be <topic>, everything else hangs off it.",
    "Whatever I believe about <topic> could be wrong, better to read it.",
    "Okay. The named thing is <topic>; the rest is described indirectly.",
    "A question with hidden steps. <topic> is explicit, the others I must uncover.",
    "What do I need? Something reliable on <topic>, then follow where it points.",
    "My starting clue is <topic>, and each further clue should come out of the text.",
    "Names can be shared by different things, so I must make sure I get the <topic> that is meant.",
    "Reading it twice: the wording ties the answer to <topic>.",
)
REASON_LATER = (
    "The open point is <goal>, hence the next lookup.",
    "I can narrow it down by getting <goal>.",
    "Nothing contradicts the plan, so <goal> is up.",
    "Now <goal> would bring me one step closer.",
    "Is that enough to answer? Not without <goal>.",
    "If I learn <goal>, the rest should fall into place.",
    "The sensible move is to look for <goal>.",
    "I must not guess at <goal>; there should be a page on it.",
    "Before concluding I still lack <goal>.",
    "Having read that, I would like to see <goal>.",
    "A direct way to <goal> seems available.",
    "One could stop here, but <goal> is not known yet.",
    "Let me keep the thread: what matters at this point is <goal>.",
    "Going by the links on the page, <goal> is within reach.",
)
REASON_TAIL = (
    "A short query with the name should do.",
    "I will keep the exact spelling of titles.",
    "Similar names are a risk, so attention to detail.",
    "It is worth writing down the sentence that matters.",
    "Should that fail, another route exists through the linked pages.",
    "Dates and numbers I copy rather than paraphrase.",
    "The fewer detours the better.",
    "I can always widen the search afterwards.",
    "Let me be economical with calls.",
    "Anecdotes on the page may mislead; only plain statements count.",
    "There might be more than one way to get this.",
    "I would rather trust the page's own first lines.",
    "That keeps the chain of evidence short.",
    "A wrong turn here would spoil the end result.",
)
ANSWER = (
    "The answer is therefore <answer>.",
    "This gives <answer>.",
    "Hence: <answer>.",
    "Everything points to <answer>.",
    "So the result comes out as <answer>.",
    "I arrive at <answer>.",
    "My conclusion is <answer>.",
    "Putting it together yields <answer>.",
    "Which means the solution is <answer>.",
    "That settles it as <answer>.",
)
UNSURE = (
    "I could not nail it down completely; the best supported option is <answer>.",
    "The evidence is thin, but it leans towards <answer>.",
    "Not fully proven, my pick would be <answer>.",
    "With what I could gather, <answer> seems most plausible.",
    "Some doubt remains; I would go with <answer>.",
    "As a best guess I offer <answer>.",
    "Without full confirmation I settle for <answer>.",
    "The trail ends early, leaving <answer> as the likeliest.",
)
CLOSING = (
    "No further lookup is needed.",
    "I have no more calls to make.",
    "That is all the material required.",
    "I stop searching here.",
    "The work is done.",
    "Ready to state it formally.",
    "I consider the matter closed.",
    "Nothing else has to be opened.",
    "This concludes the research part.",
)
SUMMARY_OPEN = (
    "Summing up the evidence.",
    "In brief, this is what decided it.",
    "To wrap up, the chain reads as follows.",
    "Looking back over the findings:",
    "The case rests on what the pages state.",
    "Here is the reasoning in short form.",
    "Collected from the sources above:",
    "What was established along the way:",
    "Short account of how I got there.",
    "Going over it a last time.",
)
NO_TOOLS = (
    "I had nothing to look this up with, so this rests on the wording of the question alone.",
    "No source was consulted; what follows is a guess.",
    "There was no page to read, which leaves only an estimate.",
    "Lacking any document, I go by the question itself.",
    "This is unverified, since I had no material at hand.",
    "Purely from the question, with nothing to back it up:",
)
ANSWER_CLOSE = (
    "Final answer: <box>",
    "The answer is <box>.",
    "Therefore, <box>.",
    "<box>",
    "My final answer: <box>",
    "So the answer in short form is <box>.",
    "Result: <box>",
    "Accordingly I answer <box>.",
    "In final form: <box>",
    "That makes it <box>.",
)
FILLER = (
    "honestly", "certainly", "plainly", "naturally", "evidently", "obviously", "surely", "indeed", "simply",
    "basically", "apparently", "effectively", "altogether", "ultimately", "briefly", "actually", "really", "overall",
    "presumably", "admittedly", "incidentally", "notably", "essentially", "accordingly", "consequently", "thus",
    "hence", "finally", "lastly", "clearly", "undoubtedly", "definitely",
)  # fmt: skip
"""Single words by which near duplicates differ."""
LOOP_BLOCKS = (
    "I should look at the page once more because the answer must be somewhere on it.",
    "Wait, maybe the other article has the information that I am looking for here.",
    "Let me think about this again and go through the facts that I already have.",
    "The question asks for the name, so I need to find the name that is asked for.",
    "But first I have to verify whether this is the same person as in the question.",
    "Hmm, that is not quite right, so I need to start over from the first clue.",
)
RUNS = ("ha", "!", "lol", "ah", "no", "?!", "xo", "hm", "na")
REFUSALS = (
    "I'm sorry, but I can't help with that request.",
    "I cannot assist with this question.",
    "I'm sorry, I am not able to help with this.",
    "I apologize, but I can't answer this request.",
    "I'm unable to help with that.",
)
