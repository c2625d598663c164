"""The stories that the simulated problems are told in: surface words that say nothing of how a problem is solved."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Story:
    """Words of one setting."""

    who: str
    """Those who act, in the plural."""
    thing: str
    """What they deal with, in the plural."""
    place: str
    openings: tuple[str, ...]
    """Sentences that a problem begins with."""


def _story(who: str, thing: str, place: str, *openings: str) -> Story:
    return Story(who, thing, place, openings)


STORIES = {
    "orchard": _story(
        "pickers",
        "crates of apples",
        "orchard",
        "In October the orchard below the mill smells of ripe apples, and the pickers carry ladders from tree to tree.",
        "Old branches bend over the wall of the orchard, and a cart with two horses waits for the crates.",
        "The pickers rest under the pear tree while the farmer counts baskets, leaves and wasps.",
    ),
    "harbour": _story(
        "dockers",
        "containers",
        "harbour",
        "Gulls circle over the harbour while dockers in yellow jackets guide a crane above the quay.",
        "A freighter from Oslo lies at the pier, and the tide pulls at its ropes.",
        "Fog rolls in from the sea, so the lighthouse keeper sounds the horn for every ship.",
    ),
    "bakery": _story(
        "bakers",
        "loaves of bread",
        "bakery",
        "Before dawn the bakers dust the long table with flour and light the brick oven.",
        "The bakery on the corner sells rye bread, cinnamon rolls and poppy seed cake.",
        "A queue of hungry pupils reaches from the shop window to the tram stop.",
    ),
    "printshop": _story(
        "printers",
        "posters",
        "print shop",
        "The print shop runs two old presses that rattle all night and smell of ink.",
        "Reams of glossy paper are stacked to the ceiling beside the folding table.",
        "For the election the printers work double shifts, with black fingers and strong coffee.",
    ),
    "observatory": _story(
        "astronomers",
        "photographs of the sky",
        "observatory",
        "High on the mountain the dome of the observatory opens, and the telescope turns to Saturn.",
        "Astronomers in thick coats write down comets, eclipses and faint galaxies.",
        "A meteor crosses the Milky Way just as the shutter clicks.",
    ),
    "railway": _story(
        "conductors",
        "wagons",
        "station",
        "Steam hangs under the glass roof of the station while conductors check tickets and whistles.",
        "The express to Vienna leaves from track seven, behind a green locomotive.",
        "Porters push trunks along the platform, past the clock and the kiosk.",
    ),
    "garden": _story(
        "gardeners",
        "tulip bulbs",
        "garden",
        "The palace garden has gravel paths, box hedges and a fountain with stone dolphins.",
        "Gardeners kneel between tulips and lavender, with straw hats against the sun.",
        "A robin follows the rake over the fresh soil near the greenhouse.",
    ),
    "library": _story(
        "librarians",
        "manuscripts",
        "library",
        "The library keeps its oldest manuscripts behind oak doors, where dust dances in the lamplight.",
        "Librarians in felt slippers push trolleys along shelves of atlases and poems.",
        "A reader whispers, turns a page of parchment and sneezes.",
    ),
    "dairy": _story(
        "dairymen",
        "litres of milk",
        "dairy",
        "At the dairy the cows are milked at five, and steel cans clatter over the yard.",
        "Cheese ripens on pine boards in the cellar, next to butter, cream and whey.",
        "The dairymen rinse the churns while a calf licks the gate.",
    ),
    "theatre": _story(
        "actors",
        "costumes",
        "theatre",
        "Behind the velvet curtain of the theatre, actors hum, powder their wigs and look for their swords.",
        "The stage smells of paint, and the prompter hides under a wooden shell.",
        "Tonight they play a comedy with masks, a duel and a mistaken letter.",
    ),
    "circus": _story(
        "acrobats",
        "juggling balls",
        "circus",
        "The circus has put up its striped tent on the meadow, with lamps, sawdust and a brass band.",
        "Acrobats chalk their hands below the trapeze while the clown tunes a tiny violin.",
        "Camels chew hay behind the caravans, and children press coins into the hand of the magician.",
    ),
    "vineyard": _story(
        "vintners",
        "barrels of wine",
        "vineyard",
        "The vineyard climbs from the river to the chapel in narrow terraces of slate.",
        "Vintners taste the must, swirl their glasses and argue about oak barrels.",
        "Grapes hang blue and heavy, and starlings wait on the wires for the harvest.",
    ),
    "school": _story(
        "pupils",
        "exercise books",
        "school",
        "In the school by the park, pupils hang wet coats on hooks and slide along the corridor.",
        "Chalk squeaks, a globe wobbles, and the bell for the break is late again.",
        "The teacher collects exercise books, rulers and one frightened hamster.",
    ),
    "workshop": _story(
        "clockmakers",
        "pocket watches",
        "workshop",
        "In the workshop of the clockmakers a hundred pendulums swing, and none agrees with the next.",
        "Brass wheels, springs and tiny screws lie sorted on green felt.",
        "With a loupe in one eye the apprentice oils a cuckoo.",
    ),
    "island": _story(
        "islanders",
        "coconuts",
        "island",
        "On the island beyond the reef, islanders mend their nets and watch the monsoon clouds.",
        "Palms lean over the lagoon, and canoes rest upside down in the sand.",
        "A parrot steals a mango from the market and laughs about it.",
    ),
    "mine": _story(
        "miners",
        "carts of ore",
        "mine",
        "Deep in the mine the lamps of the miners glow like stars, and water drips from the beams.",
        "Carts of copper ore squeal along the rails toward the shaft.",
        "The foreman taps the rock with a hammer and listens for a hollow sound.",
    ),
    "airfield": _story(
        "pilots",
        "parachutes",
        "airfield",
        "On the grass airfield the pilots turn the propellers by hand, and a windsock flaps over the hangar.",
        "A biplane loops above the clouds, chased by its own shadow.",
        "Mechanics in oily overalls fold parachutes on a long canvas.",
    ),
    "tailor": _story(
        "tailors",
        "silk shirts",
        "tailor's shop",
        "The tailors sit cross-legged on the table, with pins between their lips and thread round their necks.",
        "Bolts of silk, tweed and linen lean against the mirror.",
        "A duchess wants her gown altered before the ball, and the sewing machine hums.",
    ),
    "museum": _story(
        "guards",
        "marble busts",
        "museum",
        "The museum opens its new wing, with marble floors, Roman busts and a mummy in a glass case.",
        "Guards yawn beside paintings of storms, battles and fruit.",
        "A school class draws the skeleton of a whale with blue crayons.",
    ),
    "ski": _story(
        "skiers",
        "pairs of skis",
        "ski resort",
        "Snow has fallen on the ski resort all night, and the lifts hum over white firs.",
        "Skiers wax their boards, drink cocoa and compare their bruises.",
        "From the summit one sees three glaciers and a frozen waterfall.",
    ),
}
