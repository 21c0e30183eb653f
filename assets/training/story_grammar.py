"""Short stories from a probabilistic grammar whose entropy is known exactly.

Every random choice goes through `Story.choose`, which adds the negative logarithm of its probability
to `Story.nats`. No two derivations give the same text, so `nats` is the information content of the
story and no language model can score below it on average.

A story is hard in two ways. Its people have to be carried: who has which trade, how many of what,
which thing of which color; and numbers are repeated digit by digit, lists read back, passwords spoken
inside quotes that have to be closed. Whom the next sentence is about is open, so a reader has to keep
all of them apart. And what people do follows habits: each trade has its own verbs, each verb its own
objects, each object its own spots, with probabilities that only long training teaches. So weights,
keys, values and probabilities all matter to the score, down to their last bits.
"""

import math
import random

SEPARATOR = "<|endoftext|>"

WOMEN = (
    "Mila Anouk Petra Sunniva Leda Tova Imre Zofia Runa Delphine Kaya Ottilie Bettina Carla Dunja Elsa Frida Greta Hilda "
    "Irma Jutta Klara Lotte Marta Nora Olga Paula Rosa Selma Thea Ursula Vera Wanda Yara Zora Alma"
).split()
MEN = (
    "Bram Tomas Yannick Oskar Leif Casimir Dario Emil Joris Nils Pavel Vidar Anton Boris Carlo David Erik Felix Gustav Hugo "
    "Ivan Jonas Karl Ludwig Marek Noah Otto Peter Quentin Robert Stefan Tobias Udo Viktor Walter Xaver"
).split()
TRADES = (
    "baker sailor weaver gardener miller painter smith doctor fisher tailor potter mason barber butcher carter cooper dyer "
    "farmer glazier hunter joiner printer saddler teacher"
).split()
PLACES = (
    "harbor mill market bridge tower orchard library gate river station church garden forest castle meadow tavern school "
    "quarry beach stable theater museum palace factory"
).split()
COLORS = "red blue green yellow black white silver brown gray pink purple golden".split()
THINGS = (
    "lantern drum key kettle ladder map basket bell scarf violin candle mirror bucket carpet chair clock coat crown cup "
    "fiddle flag flute hammer hat jug knife lamp pillow plate ring rope spoon"
).split()
GOODS = "coins apples nails stamps feathers buttons shells candles beads plums pearls cards figs corks seeds bricks".split()
VERBS = (
    "mended sold washed bought found lost hid broke lifted carried dropped painted cleaned moved turned opened closed "
    "pushed pulled kicked packed weighed counted borrowed"
).split()
WEATHER = ["It was raining", "The sun was warm", "Fog lay on the roofs", "The wind was cold", "Snow was falling", "It was dark"]
MOODS = "happy tired angry curious proud worried calm surprised sad jealous bored grateful nervous cheerful lonely brave".split()
QUALITIES = "old small new heavy dirty broken pretty cheap noble dusty rare plain".split()
SYLLABLES = "ba do fi ga ku li mo na pe ri so tu va wo ze cha".split()
ANIMALS = "cat dog crow goat horse owl fox hen mouse swan bear calf deer duck frog gull hare lamb pig toad".split()
MANNERS = "small gray thin noisy sleepy lame brave wild fat young".split()
DEEDS = "slept ran sang waited limped danced dreamed jumped lay rested stood swam rolled sneezed".split()
SPOTS = (
    "under a bench,by the wall,on a roof,behind a cart,near the well,in the shade,beside a barrel,on the stairs,"
    "under a tree,by the fence,on a box,behind a door,near the fire,in the mud,beside a pond,on the grass"
).split(",")
TIMES = ["One morning", "One evening", "Late at night", "At noon", "On market day", "Before dawn"]
COUNTS = {3: "Three", 4: "Four", 5: "Five"}


class Person:
    """Someone of a story and everything that is said about them once and holds to the end."""

    def __init__(self, story, taken):
        self.name = story.choose([n for n in WOMEN + MEN if n not in taken])
        self.she = "she" if self.name in WOMEN else "he"
        self.trade = story.choose(TRADES)
        self.amount = story.choose("123456789") + story.choose("0123456789")
        self.goods = story.habit("goods", self.trade, GOODS)
        self.thing = story.habit("thing", self.trade, THINGS)
        self.color = story.habit("color", self.thing, COLORS)

    @property
    def own(self):
        return f"{self.color} {self.thing}"


class Story:
    """A story being told: its text, its information content in nats, its people and the place."""

    def __init__(self, rng):
        self.rng = rng
        self.nats = 0.0
        self.sentences = []
        self.people = []
        self.place = None

    def choose(self, options, weights=None):
        """One of the options; its information is added to the account."""
        weights = weights or [1.0] * len(options)
        index = self.rng.choices(range(len(options)), weights)[0]
        self.nats -= math.log(weights[index] / sum(weights))
        return options[index]

    def habit(self, kind, given, options, without=()):
        """One of the options, by the fixed probabilities that this kind of choice has where `given` came before."""
        weights = [habit_weight(kind, given, option) for option in options]
        allowed = [i for i, option in enumerate(options) if option not in without]
        return self.choose([options[i] for i in allowed], [weights[i] for i in allowed])

    def someone(self, but=None):
        return self.choose([person for person in self.people if person is not but])

    def say(self, sentence):
        self.sentences.append(sentence)

    @property
    def text(self):
        return " ".join(self.sentences)


WEIGHTS = {}


def habit_weight(kind, given, option):
    """Weight of an option after a word: log-normal, the same in every story."""
    key = f"{kind} {given} {option}"
    if key not in WEIGHTS:
        WEIGHTS[key] = math.exp(1.5 * random.Random(key).gauss(0, 1))
    return WEIGHTS[key]


def capital(word):
    return word[0].upper() + word[1:]


def tell(rng):
    """One complete story."""
    story = Story(rng)
    n_people = story.choose(list(COUNTS))
    story.place = story.choose(PLACES)
    story.say(f"{story.choose(TIMES)} {COUNTS[n_people].lower()} friends met at the {story.place}.")
    for _ in range(n_people):
        person = Person(story, [each.name for each in story.people])
        story.people.append(person)
        story.say(f"{person.name} the {person.trade} brought {person.amount} {person.goods} and a {person.own}.")
    story.say(f"{story.choose(WEATHER)}.")
    events, shares = list(EVENTS), list(EVENTS.values())
    for _ in range(story.choose([5, 6, 7])):
        story.choose(events, shares)(story)
    last = story.someone()
    story.say(f"At last {last.name} the {last.trade} went home with the {last.own}.")
    return story


def work(story):
    """Someone does something that goes with the trade, perhaps a second time."""
    person = story.someone()
    verb = story.habit("verb", person.trade, VERBS)
    thing = story.habit("object", verb, THINGS)
    spot = story.habit("spot", thing, SPOTS)
    story.say(f"{person.name} {verb} a {thing} {spot}.")
    if story.choose([True, False]):
        verb = story.habit("verb", person.trade, VERBS, without=[verb])
        thing = story.habit("object", verb, THINGS)
        story.say(f"Then {person.she} {verb} a {thing}.")


def count(story):
    """A number is asked for and repeated inside a quote."""
    asked = story.someone()
    asking = story.someone(but=asked)
    story.say(f'"How many {asked.goods} do you have, {asked.name}?" asked {asking.name}.')
    story.say(f'"I have {asked.amount} {asked.goods}," said {asked.name}.')


def show(story):
    """Someone's thing, by its color."""
    person = story.someone()
    other = story.someone(but=person)
    story.say(f"{person.name} showed {other.name} the {person.own}.")


def mood(story):
    """Someone feels something about another's thing."""
    person = story.someone()
    other = story.someone(but=person)
    feeling = story.habit("mood", person.trade, MOODS)
    quality = story.habit("quality", other.thing, QUALITIES)
    story.say(f"{person.name} was {feeling} because the {other.own} of {other.name} was {quality}.")


def scenery(story):
    """Animals that go with the place."""
    animal = story.habit("animal", story.place, ANIMALS)
    manner = story.habit("manner", animal, MANNERS)
    deed = story.habit("deed", animal, DEEDS)
    story.say(f"The {animal} was {manner} and {deed} {story.habit('where', deed, SPOTS)}.")


def password(story):
    """A made-up word that no model can know, told once and spoken again."""
    person = story.someone()
    other = story.someone(but=person)
    word = "".join(story.choose(SYLLABLES) for _ in range(3))
    story.say(f'{person.name} whispered, "The word is {word}."')
    story.say(f'"{capital(word)}, {word}," said {other.name}.')


def list_read_back(story):
    """Three different things bought in an order that is repeated, forwards or backwards."""
    person = story.someone()
    other = story.someone(but=person)
    first = story.habit("first", person.trade, THINGS)
    second = story.habit("next", first, THINGS, without=[first])
    third = story.habit("next", second, THINGS, without=[first, second])
    story.say(f"{person.name} bought a {first}, a {second} and a {third}.")
    if story.choose([True, False]):
        story.say(f'"A {first}, a {second} and a {third}," said {other.name}.')
    else:
        story.say(f"Backwards that is a {third}, a {second} and a {first}.")


# What may happen, and how often it does.
EVENTS = {work: 3.0, count: 1.0, show: 1.0, mood: 1.0, scenery: 2.0, password: 1.0, list_read_back: 1.0}


def stories(seed):
    """An endless supply of stories; the same seed gives the same ones."""
    rng = random.Random(seed)
    while True:
        yield tell(rng)
