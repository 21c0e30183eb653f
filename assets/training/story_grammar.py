"""Short stories from a probabilistic grammar whose entropy is known exactly.

Every random choice goes through `Story.choose`, which adds the negative logarithm of its probability
to `Story.nats`. No two derivations give the same text, so `nats` is the information content of the
story and no language model can score below it on average.

A story makes a reader carry things: who is called what and which pronoun goes with it, a number that
is repeated digit by digit, a list that is read back in order, a password spoken inside quotes that
have to be closed. Only attention over many tokens can predict those, so keys, values and
probabilities matter to the score as much as weights do.
"""

import math
import random

SEPARATOR = "<|endoftext|>"

WOMEN = "Mila Anouk Petra Sunniva Leda Tova Imre Zofia Runa Delphine Kaya Ottilie".split()
MEN = "Bram Tomas Yannick Oskar Leif Casimir Dario Emil Joris Nils Pavel Vidar".split()
TRADES = ["baker", "sailor", "weaver", "clock maker", "gardener", "miller", "painter", "smith", "doctor", "fisher"]
PLACES = ["harbor", "old mill", "market", "bridge", "tower", "orchard", "library", "north gate", "river", "station"]
COLORS = "red blue green yellow black white silver brown".split()
THINGS = "lantern drum key kettle ladder map basket bell scarf violin candle mirror".split()
GOODS = "coins apples nails stamps feathers buttons shells candles".split()
WEATHER = ["It was raining", "The sun was warm", "Fog lay on the roofs", "The wind was cold", "Snow was falling"]
MOODS = "happy tired angry curious proud worried calm surprised".split()
SYLLABLES = "ba do fi ga ku li mo na pe ri so tu va wo ze".split()
ANIMALS = "cat dog crow goat horse owl fox hen mouse swan".split()
MANNERS = "old small gray thin noisy sleepy lame brave".split()
DEEDS = "slept ran sang waited limped danced hid dreamed".split()
SPOTS = "under a bench,by the wall,on a roof,behind a cart,near the well,in the shade,beside a barrel,on the stairs".split(",")
TIMES = ["One morning", "One evening", "Late at night", "At noon", "On market day", "Before dawn"]


class Story:
    """A story being told: its text, its information content in nats, and what has to be remembered."""

    def __init__(self, rng):
        self.rng = rng
        self.nats = 0.0
        self.sentences = []

    def choose(self, options, weights=None):
        """One of the options; its information is added to the account."""
        weights = weights or [1.0] * len(options)
        index = self.rng.choices(range(len(options)), weights)[0]
        self.nats -= math.log(weights[index] / sum(weights))
        return options[index]

    def say(self, sentence):
        self.sentences.append(sentence)

    @property
    def text(self):
        return " ".join(self.sentences)


def person(story, taken):
    """Name, pronoun and possessive of someone not met before."""
    name = story.choose([n for n in WOMEN + MEN if n not in taken])
    return (name, "she", "her") if name in WOMEN else (name, "he", "his")


def number(story):
    """Two or three digits, the first not zero."""
    n_digits = story.choose([2, 3])
    return story.choose("123456789") + "".join(story.choose("0123456789") for _ in range(n_digits - 1))


def capital(word):
    return word[0].upper() + word[1:]


def tell(rng):
    """One complete story."""
    story = Story(rng)
    hero, she, her = person(story, [])
    friend, he, his = person(story, [hero])
    trade = story.choose(TRADES)
    place = story.choose(PLACES)
    color, thing = story.choose(COLORS), story.choose(THINGS)
    time = story.choose(TIMES)
    story.say(f"{time} {hero} the {trade} went to the {place}.")
    story.say(f"{story.choose(WEATHER)} and {she} carried a {color} {thing}.")
    story.say(f"At the {place} {she} met {friend}.")
    events = [count, loan, list_read_back, password, mood, travel]
    n_events = story.choose([3, 4])
    for _ in range(n_events):
        event = story.choose(events)
        events = [e for e in events if e is not event]
        if story.choose([True, False]):
            scenery(story)
        event(story, (hero, she, her), (friend, he, his), (color, thing), place)
    ending = story.choose(["home", "thanks"])
    if ending == "home":
        story.say(f"In the end {hero} the {trade} took the {color} {thing} home from the {place}.")
    else:
        story.say(f'In the end {friend} said, "Thank you, {hero}." And {hero} the {trade} smiled.')
    return story


def scenery(story):
    """Something nobody can foresee and nobody needs to remember."""
    animal = f"{story.choose(MANNERS)} {story.choose(ANIMALS)}"
    story.say(f"A {animal} {story.choose(DEEDS)} {story.choose(SPOTS)}.")


def count(story, hero, friend, _thing, _place):
    """A number said once and repeated twice, once inside a quote."""
    amount, goods = number(story), story.choose(GOODS)
    story.say(f"{hero[0]} had {amount} {goods} in {hero[2]} bag.")
    story.say(f'"How many {goods} do you have?" asked {friend[0]}.')
    story.say(f'"I have {amount} {goods}," said {hero[0]}.')
    if story.choose([True, False]):
        story.say(f"{friend[0]} wrote {amount} in {friend[2]} book.")


def loan(story, hero, friend, thing, _place):
    """The thing of the first paragraph is asked for by its color, with or without success."""
    color, thing = thing
    story.say(f'"Please give me the {color} {thing}," said {friend[0]}.')
    if story.choose([True, False]):
        story.say(f"{hero[0]} gave the {color} {thing} to {friend[0]}, and soon {friend[1]} gave it back.")
    else:
        story.say(f'"No, the {thing} is mine," said {hero[0]}.')


def list_read_back(story, hero, friend, _thing, _place):
    """Three different things bought in an order that is repeated, forwards or backwards."""
    first = story.choose(THINGS)
    second = story.choose([t for t in THINGS if t != first])
    third = story.choose([t for t in THINGS if t not in (first, second)])
    story.say(f"{friend[0]} bought a {first}, a {second} and a {third}.")
    if story.choose([True, False]):
        story.say(f'"A {first}, a {second} and a {third}," {hero[0]} repeated.')
    else:
        story.say(f"Backwards that is a {third}, a {second} and a {first}.")


def password(story, hero, friend, _thing, place):
    """A made-up word that no model can know, told once and spoken again."""
    word = "".join(story.choose(SYLLABLES) for _ in range(3))
    story.say(f'"The secret word of the {place} is {word}," {friend[0]} whispered.')
    story.say(f'{hero[0]} nodded and said, "{capital(word)}, {word}, {word}."')


def mood(story, hero, friend, _thing, _place):
    """Two moods that are asked about in turn."""
    first, second = story.choose(MOODS), story.choose(MOODS)
    story.say(f"{hero[0]} was {first} but {friend[0]} was {second}.")
    if story.choose([True, False]):
        story.say(f'"Why are you {second}, {friend[0]}?" asked {hero[0]}.')
    else:
        story.say(f'"Why are you {first}, {hero[0]}?" asked {friend[0]}.')


def travel(story, hero, friend, _thing, place):
    """They go somewhere else and return to where they met."""
    goal = story.choose([p for p in PLACES if p != place])
    story.say(f"Then {hero[0]} and {friend[0]} walked from the {place} to the {goal}.")
    story.say(f"At the {goal} they turned and walked back to the {place}.")


def stories(seed):
    """An endless supply of stories; the same seed gives the same ones."""
    rng = random.Random(seed)
    while True:
        yield tell(rng)
