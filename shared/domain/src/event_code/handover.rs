//! What a text says of a parcel that changes hands: a verb, who takes the parcel, and whether it has happened.
//!
//! The words are data, a file a language in `data/handovers/`. A text is a delivery only where nothing in it says
//! otherwise: whatever language names a taker other than the recipient, an attempt, or something that is still to come,
//! the parcel is not signed (B4).

mod words;

use aho_corasick::AhoCorasick;
use serde::Deserialize;

use crate::carrier::CarrierTable;
use crate::country;
use crate::wording::Wording;
pub(super) use words::{LANGUAGES, WordsError};

/// What a text was understood as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handover {
    /// Into the recipient's hands or box.
    Signed,
    /// To somebody who signs for the recipient (代签).
    ByProxy,
    /// At a point where it waits for the recipient (驿站, 代收).
    AtStation,
    /// To somebody who carries it further.
    WithCarrier,
    /// Back with its sender.
    Returned,
    /// On its way back.
    Returning,
    /// Tried in vain.
    Failed,
    /// On its last round.
    OnRound,
    /// Announced: no more than that.
    Expected,
    /// Delivered to somebody of whom the words do not say who it is.
    Unclear,
}

/// What a word stands for in a text. The files say it in these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    /// Has been delivered: to the recipient, where no taker is named.
    Delivered,
    /// Has changed hands: to whom must be said.
    Handed,
    /// Has been sent back: to whom must be said.
    Returned,
    /// Stands before a taker: "to".
    To,
    /// Denies the verb behind it.
    Not,
    /// Puts the verb behind it into the future: "will be".
    Later,
    /// The recipient, or a place of his.
    Recipient,
    /// Somebody who signs for him.
    Proxy,
    /// Somebody who carries the parcel further, wherever the text names him.
    Carrier,
    /// The same, but only right behind a "to": elsewhere it is a place or whom to ask.
    LinkedCarrier,
    /// Taken by somebody who carries it further: verb and taker in one.
    Taken,
    /// Where parcels wait to be fetched.
    Station,
    /// Who sent it.
    Sender,
    /// Fetched by the recipient.
    Collected,
    /// Goes back to the sender.
    Returning,
    /// Tried in vain.
    Failed,
    /// Nobody was there: tried in vain, unless the text goes on with a delivery.
    Absent,
    /// On the last round.
    Round,
    /// Announced for later.
    Expected,
    /// No taker, though it names one: "by our courier", "from the sender".
    Beside,
}

/// Words between a denial and its verb, at most.
const DENIED_WORDS_MAX: usize = 3;
/// Words between "will be" and its verb, at most.
const LATER_WORDS_MAX: usize = 6;
/// Words between a verb and its "to", at most.
const TO_WORDS_MAX: usize = 3;
/// Words between a "to" and a taker that must be linked, at most; of scripts without spaces, letters.
const LINKED_WORDS_MAX: usize = 5;
/// Words between "fetched by the recipient" and where he fetched it, at most; of scripts without spaces, letters.
const FETCHED_WORDS_MAX: usize = 5;
/// Words behind a "to" that are looked up as the name of a country or carrier, at most.
const NAME_WORDS_MAX: usize = 4;

/// The words of all languages, found in one pass.
pub(super) struct Grammar {
    matcher: AhoCorasick,
    words: Vec<Word>,
}

/// An entry's form: what is searched for, and what must stand behind it.
struct Word {
    language: usize,
    role: Role,
    /// Whether the word may go on behind what is written: `вручен*`.
    is_open: bool,
    /// The words behind the first that may go on, each with whether its own last word may: `пункт* выдачи`.
    behind: Vec<(String, bool)>,
}

/// A word of the grammar where it stands in a text.
#[derive(Clone, Copy, Debug)]
struct Hit {
    start: usize,
    end: usize,
    language: usize,
    role: Role,
}

/// The verbs of a text, by what becomes of them.
#[derive(Default)]
struct Said {
    delivered: Vec<Hit>,
    is_handed: bool,
    is_returned: bool,
    is_denied: bool,
    is_later: bool,
    is_handed_later: bool,
    is_return_later: bool,
}

impl Grammar {
    /// What the text says of a handover; `None` where it says nothing of one.
    pub(super) fn read(&self, text: &Wording) -> Option<Handover> {
        let hits = self.hits(text);
        let said = Said::of(&hits, text);
        reading(&hits, &said, text)
    }

    /// What a text says that goes on where a code has said "delivered": "to local carrier".
    pub(super) fn read_on(&self, text: &Wording) -> Option<Handover> {
        let mut hits = self.hits(text);
        let to = *hits.iter().find(|hit| hit.start == 0 && hit.role == Role::To)?;
        let verb = Hit {
            end: 0,
            role: Role::Delivered,
            ..to
        };
        hits.push(verb);
        let said = Said {
            delivered: vec![verb],
            ..Said::default()
        };
        reading(&hits, &said, text)
    }

    /// The words of the text, without those that stand within a longer one.
    fn hits(&self, text: &Wording) -> Vec<Hit> {
        let found = self.matcher.find_overlapping_iter(text.words());
        let hit = |found: aho_corasick::Match| {
            let word = &self.words[found.pattern().as_usize()];
            let stands = text.stands(found.start(), found.end(), word.is_open);
            let end = stands.then(|| word.end(found.end(), text))??;
            Some(Hit {
                start: found.start(),
                end,
                language: word.language,
                role: word.role,
            })
        };
        let mut hits: Vec<Hit> = found.filter_map(hit).collect();
        // "Signed by the courier" is not said beside.
        let all = hits.clone();
        hits.retain(|hit| hit.role != Role::Beside || !all.iter().any(|verb| verb.reaches_into(hit)));
        let all = hits.clone();
        hits.retain(|hit| !all.iter().any(|longer| hit.is_within(longer)));
        let fetched: Vec<Hit> = (hits.iter().copied())
            .filter(|hit| hit.role == Role::Collected)
            .collect();
        hits.retain(|hit| !fetched.iter().any(|fetched| hit.is_where_fetched(fetched, text)));
        hits
    }
}

impl Word {
    /// Where the form ends whose first words end at this byte; `None` where the others do not follow.
    fn end(&self, first: usize, text: &Wording) -> Option<usize> {
        let end_of = |end: usize, is_open: bool| if is_open { text.word_end(end) } else { end };
        let follow = |end: usize, (words, is_open): &(String, bool)| {
            let start = end + 1;
            let rest = text.words().get(end..)?.strip_prefix(' ')?;
            let stands =
                rest.starts_with(words.as_str()) && text.stands(start, start + words.len(), *is_open);
            stands.then(|| end_of(start + words.len(), *is_open))
        };
        self.behind.iter().try_fold(end_of(first, self.is_open), follow)
    }
}

impl Hit {
    /// Whether the word counts as a part of a longer one. A verb and its "to" may share a word (交给).
    fn is_within(&self, longer: &Self) -> bool {
        let is_shared =
            self.role == Role::To && longer.is_verb() || self.is_verb() && longer.role == Role::To;
        !is_shared
            && longer.start <= self.start
            && self.end <= longer.end
            && longer.end - longer.start > self.end - self.start
    }

    fn is_verb(&self) -> bool {
        matches!(self.role, Role::Delivered | Role::Handed | Role::Returned)
    }

    /// Whether this is the verb's own "to": it stands close behind the verb or is a part of its word (送达), and then in
    /// the same clause as what comes next.
    fn follows(&self, verb: &Self, text: &Wording) -> bool {
        let is_behind = verb.end <= self.start && text.gap(verb.end, self.start) <= TO_WORDS_MAX;
        let is_part =
            self.start < verb.end && verb.end <= self.end && !text.is_broken(self.end, self.end + 1);
        verb.language == self.language && (is_behind || is_part)
    }

    /// Whether a verb of the same language stands in the text.
    fn has_verb(&self, hits: &[Self]) -> bool {
        hits.iter()
            .any(|hit| hit.is_verb() && hit.language == self.language)
    }

    /// Whether this is a verb whose end is the other's start.
    fn reaches_into(&self, other: &Self) -> bool {
        self.is_verb() && self.start < other.start && other.start < self.end
    }

    /// Whether it only says where the recipient fetched the parcel.
    fn is_where_fetched(&self, fetched: &Self, text: &Wording) -> bool {
        matches!(self.role, Role::Station | Role::Carrier | Role::LinkedCarrier)
            && fetched.end <= self.start
            && text.gap(fetched.end, self.start) <= FETCHED_WORDS_MAX
            && !text.is_broken(fetched.end, self.start)
    }

    /// Whether a word of that role in the same language stands before this one, in the same clause.
    fn has_before(&self, role: Role, words_max: usize, hits: &[Self], text: &Wording) -> bool {
        hits.iter().any(|hit| {
            hit.role == role
                && hit.language == self.language
                && hit.end <= self.start
                && text.gap(hit.end, self.start) <= words_max
                && !text.is_broken(hit.end, self.start)
        })
    }
}

impl Said {
    fn of(hits: &[Hit], text: &Wording) -> Self {
        let mut said = Self::default();
        for hit in hits {
            let is_denied = || hit.has_before(Role::Not, DENIED_WORDS_MAX, hits, text);
            let is_later = || hit.has_before(Role::Later, LATER_WORDS_MAX, hits, text);
            match hit.role {
                Role::Delivered if is_denied() => said.is_denied = true,
                Role::Delivered if is_later() => said.is_later = true,
                Role::Delivered => said.delivered.push(*hit),
                Role::Handed if is_denied() => {}
                Role::Handed if is_later() => said.is_handed_later = true,
                Role::Handed => said.is_handed = true,
                Role::Returned if is_denied() || is_later() => said.is_return_later = true,
                Role::Returned => said.is_returned = true,
                _ => {}
            }
        }
        said
    }
}

/// The reading of a text: what ends or hinders a delivery comes before what would be one.
fn reading(hits: &[Hit], said: &Said, text: &Wording) -> Option<Handover> {
    let has = |role| hits.iter().any(|hit| hit.role == role);
    let is_delivered = !said.delivered.is_empty();
    // A sender's word of another language than the verb's may mean somebody else there (expediteur).
    let (senders, strangers): (Vec<&Hit>, Vec<&Hit>) =
        (hits.iter().filter(|hit| hit.role == Role::Sender)).partition(|hit| hit.has_verb(hits));
    let is_with_carrier = !strangers.is_empty() || hits.iter().any(|hit| is_carrier(hit, hits, text));
    let is_moved = is_delivered || said.is_handed;
    if !senders.is_empty() && (said.is_returned || is_moved) || has(Role::Returning) && is_delivered {
        return Some(Handover::Returned);
    }
    if has(Role::Returning) || said.is_returned || said.is_return_later {
        return Some(Handover::Returning);
    }
    if has(Role::Failed) || said.is_denied {
        return Some(Handover::Failed);
    }
    if has(Role::Station) {
        return Some(Handover::AtStation);
    }
    if has(Role::Round) {
        return Some(Handover::OnRound);
    }
    let is_to_move = said.is_later || said.is_handed_later;
    let is_taken = is_moved || is_to_move || has(Role::Collected) || has(Role::Proxy);
    if has(Role::Taken) || is_with_carrier && is_taken {
        return Some(Handover::WithCarrier);
    }
    if said.is_later || has(Role::Expected) {
        return Some(Handover::Expected);
    }
    if has(Role::Proxy) {
        return Some(Handover::ByProxy);
    }
    let is_for_recipient = has(Role::Recipient);
    if has(Role::Collected) || is_moved && is_for_recipient {
        return Some(Handover::Signed);
    }
    if is_delivered {
        return Some(taker_untold(hits, said, text));
    }
    has(Role::Absent).then_some(Handover::Failed)
}

fn is_carrier(hit: &Hit, hits: &[Hit], text: &Wording) -> bool {
    hit.role == Role::Carrier
        || hit.role == Role::LinkedCarrier && hit.has_before(Role::To, LINKED_WORDS_MAX, hits, text)
}

/// Delivered, and the words name no taker that is known: the recipient, unless they go on with a "to".
fn taker_untold(hits: &[Hit], said: &Said, text: &Wording) -> Handover {
    let follows = |to: &&Hit| to.role == Role::To && said.delivered.iter().any(|verb| to.follows(verb, text));
    let rest = |to: &Hit| text.words().get(to.end..).unwrap_or_default().trim_start();
    // "a las 14:30" is a time.
    let is_taker = |rest: &&str| rest.chars().next().is_some_and(|letter| !letter.is_ascii_digit());
    let mut takers = hits.iter().filter(follows).map(rest).filter(is_taker).peekable();
    if takers.peek().is_none() {
        Handover::Signed
    } else if takers.any(names_a_country_or_carrier) {
        Handover::WithCarrier
    } else {
        Handover::Unclear
    }
}

fn names_a_country_or_carrier(rest: &str) -> bool {
    let words: Vec<&str> = rest.split(' ').take(NAME_WORDS_MAX).collect();
    (1..=words.len()).any(|count| {
        let name = words[..count].join(" ");
        country::canonical(&name).is_some() || CarrierTable::shipped().find(&name).is_some()
    })
}

#[cfg(test)]
mod tests;
