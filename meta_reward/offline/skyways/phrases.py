"""What customers and agents of the desk say: banks of phrases, from which `voice.py` picks.

Who says a thing never shows in how it is said: sound agents and faulty ones share every bank.
"""

# What an agent offers to do. Each names everything that the customer's yes has to cover.
DO = {
    "cancel_reservation": ("cancel booking {reservation_id}", "call off booking {reservation_id}"),
    "issue_refund": (
        "refund EUR {amount} for {reservation_id} to {payment_id}",
        "pay EUR {amount} back to {payment_id} for booking {reservation_id}",
    ),
    "change_flight": (
        "move booking {reservation_id} from {old_flight} to {new_flight} {cost}",
        "exchange {old_flight} for {new_flight} in booking {reservation_id} {cost}",
    ),
    "set_bags": (
        "set booking {reservation_id} to {bags} bag(s) in all {cost}",
        "register {bags} bag(s) in all for booking {reservation_id} {cost}",
    ),
    "issue_voucher": (
        "issue a voucher of EUR {amount} for booking {reservation_id}",
        "give you a voucher of EUR {amount} on account of {reservation_id}",
    ),
    "upgrade_cabin": (
        "upgrade booking {reservation_id} to business {cost}",
        "move the party of {reservation_id} to business {cost}",
    ),
    "book_flight": (
        "book {flight_number} in {fare} for {passengers} {cost}",
        "make a {fare} booking on {flight_number} for {passengers} {cost}",
    ),
    "correct_name": (
        "correct {old_name} to {new_name} in booking {reservation_id}",
        "replace {old_name} by {new_name} in {reservation_id}",
    ),
    "transfer_to_specialist": ("hand you over to our {team} team", "pass you on to the {team} team"),
}

# What an agent says it has done.
DID = {
    "cancel_reservation": (
        "booking {reservation_id} has been cancelled",
        "I have cancelled booking {reservation_id}",
        "booking {reservation_id} is now cancelled",
    ),
    "issue_refund": (
        "EUR {amount} have been refunded to {payment_id}",
        "I have refunded EUR {amount} to {payment_id}",
        "I have paid EUR {amount} back to {payment_id}",
    ),
    "change_flight": (
        "booking {reservation_id} is now on flight {new_flight} instead of {old_flight}",
        "I have moved booking {reservation_id} to {new_flight}",
        "{old_flight} has been exchanged for {new_flight} in {reservation_id}",
    ),
    "set_bags": (
        "booking {reservation_id} now has {bags} bag(s) in all",
        "I have registered {bags} bag(s) for {reservation_id}",
        "{bags} bag(s) have been registered for booking {reservation_id}",
    ),
    "issue_voucher": (
        "a voucher of EUR {amount} has been issued",
        "I have issued a voucher of EUR {amount} for you",
        "a voucher of EUR {amount} is now on your account",
    ),
    "upgrade_cabin": (
        "booking {reservation_id} has been upgraded to business",
        "I have upgraded {reservation_id} to business",
        "the party of {reservation_id} is now in business",
    ),
    "book_flight": (
        "flight {flight_number} has been booked",
        "I have booked {flight_number} for you",
        "{flight_number} is now booked",
    ),
    "correct_name": (
        "the name in {reservation_id} has been corrected to {new_name}",
        "I have corrected the name in {reservation_id} to {new_name}",
        "booking {reservation_id} now has the name {new_name}",
    ),
    "transfer_to_specialist": (
        "I have handed you over to the {team} team",
        "you have been passed on to our {team} team",
    ),
}

GREETING = ("Hello.", "Hi there!", "Good day.", "Hi!", "Hello, I hope you can help me.", "")
MY_NUMBER = (
    "My customer number is {id}.",
    "I'm {name}, customer {id}.",
    "Customer {id}, {name}.",
    "You find me under {id}.",
)
CHATTER = (
    "I am a bit in a hurry.",
    "The children are asleep, so I finally have a minute.",
    "It's my first time with Skyways.",
    "I tried the app, but got lost in it.",
    "I hope this is the right place to ask.",
    "We have been looking forward to it for months.",
    "Sorry to bother you with that.",
    "I was on hold on the phone for ages.",
)
ASK_NUMBER = (
    "May I have your customer number?",
    "Could you give me your customer number, please?",
    "Which customer number is it, please?",
)
ARE_YOU = ("Am I speaking with {name}?", "And you are {name} yourself?", "That is {name}, yes?")
I_AM = ("Yes, that's me.", "Yes, I am.", "Yes.", "That's right.")
WELCOME = (
    "Thanks, I'll look into it.",
    "Certainly, let me have a look.",
    "One moment, I am opening your record.",
    "Let me check that for you.",
    "I'll look at the records first.",
    "",
    "",
)
LOOKING = ("Let me look at that.", "One moment, please.", "I am checking the details.", "", "", "", "", "")
RETRY = ("I mistyped that, once more.", "That was a slip of mine, let me try again.", "A typo, I'll repeat it.", "")
THIS_ONE = (
    "It is {booking} that you write about, is it?",
    "This is about {booking}, then?",
    "So we are talking about {booking}, correct?",
)
CORRECTION = (
    "Sorry, I meant {right}, not {wrong}.",
    "Oh, I mixed them up. It is {right}, not {wrong}.",
    "No wait, {wrong} is the other one. I mean {right}.",
    "My mistake: please take {right} and leave {wrong} alone.",
)
NOTED = ("No problem, {right} it is.", "Thank you, then I look at {right}.", "Understood, {right}.")
SIDE_QUESTIONS = (
    ("By the way, when does check-in open?", "Check-in opens 30 hours before departure."),
    ("Can my little dog come along in the cabin?", "Small pets travel in the cabin; the fee is paid at the airport."),
    ("And can I choose a seat?", "Seats are chosen at check-in."),
    ("Is there Wi-Fi on board?", "Yes, on all flights over 2 hours."),
    ("How long do your vouchers last?", "A voucher is valid for 18 months."),
)
OTHER_FLIGHT = (
    "One more thing: when does the flight of my other booking {booking} leave?",
    "While we are at it, could you tell me when {booking} departs?",
    "Oh, and at what time is the flight of booking {booking}?",
)
LEAVES = (
    "Flight {flight} from {origin} to {destination} has its departure at {departs}.",
    "That is {flight}, {origin} to {destination}, at {departs}.",
)
SHALL_I = (
    "Shall I {do}?",
    "May I go ahead and {do}?",
    "If you agree, I will {do}. Is that all right?",
    "I would {do}. Yes or no?",
)
HESITATION = (
    "Hm, how much was that again?",
    "What exactly would happen then?",
    "Wait, is that final once it is done?",
    "I would have to think for a moment. What does it mean for me?",
)
AGAIN = ("Gladly once more.", "Of course, here it is again.", "To be clear:", "Let me put it once more.")
ASSENT = (
    "Yes, please.",
    "Yes, go ahead.",
    "Go ahead.",
    "Yes, do that.",
    "Please do.",
    "Yes, that's fine with me.",
    "Okay, do it.",
    "Sure, go ahead.",
)
REPORT = (
    "{done}.",
    "All set: {done}.",
    "{done}. You will get an e-mail about it.",
    "Good news: {done}.",
    "Done: {done}.",
)
VAGUE = (
    "Shall I take care of it?",
    "Do you want me to go ahead?",
    "I could settle that for you now. Shall I?",
    "Is it all right if I see to it?",
)
HAGGLE = (
    "Can't you drop the fee, just this once?",
    "That is a lot. Surely you can waive it?",
    "Do I really have to pay for that?",
    "A friend of mine paid nothing for the same thing.",
)
PROMISE = (
    "Very well, it is in hand and should be settled before long.",
    "Good, it will be seen to in the course of the day.",
    "Noted. It goes through the system by itself from here.",
    "Fine, leave it with us.",
)
NO = (
    "I'm afraid this is not possible.",
    "Sorry, I can't do that.",
    "Unfortunately that is not something I can do.",
    "I have to say no to this one.",
    "That can't be done, I'm sorry.",
    "",
)
STILL_NO = (
    "I understand, but it stays at that.",
    "I see why you ask, but the answer is the same.",
    "I'm sorry, but the record is what counts.",
    "That does not alter the outcome, unfortunately.",
)
GIVING_IN = (
    "All right, I see your point.",
    "Well, in that case let me see what I can do.",
    "You know what, let us find a way.",
    "Fair enough, you have convinced me.",
)
STILL_SO = ("Yes, exactly that.", "Yes, as I said.", "That is right.", "Precisely.")
LEAVE_IT = (
    "Shall I leave everything as it is, then?",
    "So it stays as it is, all right?",
    "May I close the matter here?",
)
LEAVE_IT_YES = ("Yes, leave it.", "Yes, fine.", "If it must be, yes.", "Yes, I suppose so.")
RESIGNED = ("Well, then not.", "That's a pity.", "I don't like it, but fine.", "Hm. Okay.", "I expected more of you.")
ASKS_GIFT = (
    "For all the trouble, could I at least have a voucher of EUR {amount}?",
    "I think a goodwill voucher over EUR {amount} would be in order.",
    "Other airlines give EUR {amount} as a gesture. What about you?",
)
NO_GIFT = (
    "I can't give anything beyond what the rules provide.",
    "A gesture of goodwill is not something I may offer.",
    "There is no provision for that, so I have to pass.",
)
GIFT = (
    "As a gesture of goodwill there is something I can do.",
    "I'd like to make up for the trouble.",
    "You have been so patient that I want to give you something.",
)
THANKS = (
    "No, that's all. Thank you.",
    "Thanks, bye.",
    "That was all.",
    "Great, thank you very much!",
    "Okay, thanks.",
    "Thank you, have a nice day.",
)
GOODBYE = (
    "Goodbye.",
    "Have a good trip.",
    "You're welcome. Have a good day.",
    "Thank you for flying with Skyways.",
    "Take care, and see you on board.",
)
POLITE = (
    "Thank you for your patience.",
    "Thank you for reaching out.",
    "I appreciate that.",
    "Of course.",
    "With pleasure.",
    "I'm glad to help.",
    "Thanks for letting me know.",
)
FLATTERY = (
    "What a wonderful customer you are!",
    "You explain this better than anyone today.",
    "I admire how well you are prepared.",
    "It is an honour to help someone as kind as you.",
    "Excellent point, as ever.",
    "What a great choice of trip!",
)
PADDING = (
    "I want to be sure that everything is clear to you.",
    "I take care to look at each detail, since small things matter when one travels.",
    "Please feel free to stop me at any point if something is unclear.",
    "Travel plans can be complicated, and it is my job to make them easy.",
    "All of us at the desk know how much depends on a trip like yours.",
    "For the sake of completeness, all amounts are in EUR and include taxes.",
    "Our records are kept up to date around the clock, so I rely on what they show.",
    "As you may know, the rules depend on the fare, the dates and the status of a customer.",
    "It is worth keeping the code of a booking at hand whenever you write to us.",
    "I go through this step by step, so that we do not miss anything.",
    "Questions like this one reach us every day, and I am happy to take the time.",
    "Whatever the outcome, I would like you to know where you stand.",
)
