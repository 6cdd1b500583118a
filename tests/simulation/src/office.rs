//! The office: what is said becomes files, day by day, in no good order.

use std::collections::BTreeMap;

use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::facts::{Kind, Says, Told};
use crate::files::File;
use crate::model;
use crate::people::{BEGINS, DAY, HOUR, People, Planned, tax_id_of};

/// The last night, in days from the first.
const DAYS: i64 = 44;
/// The last night.
pub const ENDS: i64 = BEGINS + DAYS * DAY;

/// The office of a season.
pub struct Office {
    planned: Vec<Planned>,
    /// Every row that was uploaded, in the order of the uploads.
    pub told: Vec<Told>,
    files: u32,
    day: u32,
    last_as_of: i64,
    numbers: u64,
    /// Files uploaded before, to be uploaded again.
    kept: Vec<File>,
    /// When each was first written, and as which file.
    sent: BTreeMap<Sent, (u32, i64)>,
}

/// A file's prefix and its bytes.
type Sent = (Kind, Option<String>, Vec<u8>);

/// A day and its night.
#[derive(Clone, Copy, Debug)]
pub struct Day {
    /// Counts the days on which the office works.
    pub number: u32,
    /// The night's instant.
    pub as_of: i64,
}

impl Office {
    /// The office of a season of so many orders.
    pub fn new(seed: u64, orders: u64) -> Self {
        Self {
            planned: People::of_season(seed, orders),
            told: Vec::new(),
            files: 0,
            day: 0,
            last_as_of: BEGINS + 8 * HOUR,
            numbers: 0,
            kept: Vec::new(),
            sent: BTreeMap::new(),
        }
    }

    /// The next day, after nights that were missed; `None` when the season is over.
    pub fn next_day(&mut self, random: &mut ChaCha8Rng) -> Option<Day> {
        if self.last_as_of >= ENDS {
            return None;
        }
        let missed = *[1, 1, 1, 2, 3, 5, 8].choose(random).expect("gaps");
        let mut as_of = (self.last_as_of + missed * DAY).min(ENDS);
        if random.random_ratio(1, 2) {
            // At the very instant of a deadline, or a second later.
            let near: Vec<i64> = self
                .deadlines()
                .into_iter()
                .filter(|at| *at > self.last_as_of + 3 * HOUR && *at <= as_of + DAY)
                .collect();
            if let Some(at) = near.choose(random) {
                as_of = *at + random.random_range(0..=1);
            }
        }
        self.last_as_of = as_of;
        self.day += 1;
        Some(Day {
            number: self.day,
            as_of,
        })
    }

    /// Instants at which a clause is just not broken yet.
    fn deadlines(&self) -> Vec<i64> {
        let rows = self
            .told
            .iter()
            .map(|told| &told.says)
            .chain(self.planned.iter().map(|planned| &planned.says));
        let mut at: Vec<i64> = rows
            .filter_map(|says| match says {
                Says::Order { paid_at, .. } => Some(paid_at + 30 * DAY),
                Says::Event { occurred_at, .. } => Some(occurred_at + 48 * HOUR),
                _ => None,
            })
            .collect();
        at.sort_unstable();
        at.dedup();
        at
    }

    /// The files uploaded before a night.
    pub fn morning(&mut self, day: &Day, random: &mut ChaCha8Rng) -> Vec<File> {
        let last = day.as_of >= ENDS;
        let until = day.as_of - 2 * HOUR;
        let mut said = Vec::new();
        let mut later = Vec::new();
        for mut planned in std::mem::take(&mut self.planned) {
            if planned.from > until {
                later.push(planned);
            } else if !last && random.random_ratio(15, 100) {
                // A feed that comes late.
                planned.from += random.random_range(DAY..=4 * DAY);
                later.push(planned);
            } else {
                if random.random_ratio(8, 100) {
                    let from = planned.from + random.random_range(0..5 * DAY);
                    later.push(Planned {
                        from,
                        ..planned.clone()
                    });
                }
                said.push(planned);
            }
        }
        self.planned = later;
        let mischief = self.mischief(until, random);
        let (now, later): (Vec<_>, Vec<_>) = mischief.into_iter().partition(|row| row.from <= until);
        said.extend(now);
        self.planned.extend(later);
        let mut files = self.filed(said, day, until, random);
        if random.random_ratio(1, 4) {
            files.extend(self.kept.choose(random).cloned());
        }
        files
    }

    /// The files that come beside a night's scans: some of what would come the next morning.
    pub fn evening(&mut self, day: &Day, random: &mut ChaCha8Rng) -> Vec<File> {
        let until = day.as_of + HOUR;
        let mut said = Vec::new();
        let mut later = Vec::new();
        for planned in std::mem::take(&mut self.planned) {
            if planned.from <= until && random.random_ratio(2, 3) {
                said.push(planned);
            } else {
                later.push(planned);
            }
        }
        self.planned = later;
        let evening = Day {
            number: day.number + 1_000,
            ..*day
        };
        self.filed(said, &evening, until, random)
    }

    /// Takes note of a file that was written.
    pub fn was_put(&mut self, file: &File, at: i64) {
        self.files += 1;
        // The same bytes under the same prefix keep their first instant, whatever the file is called.
        let sent = (file.kind, file.by.clone(), file.csv());
        let learned_at = file.learned_at(at);
        let first = self.sent.entry(sent).or_insert((self.files, learned_at));
        first.1 = first.1.min(learned_at);
        self.told.extend(file.told(*first, self.files));
        self.kept.push(file.clone());
    }

    /// Rows that no good clerk writes: a number that is another order's, another seller's order, a changed amount.
    fn mischief(&mut self, at: i64, random: &mut ChaCha8Rng) -> Vec<Planned> {
        let orders = model::orders(&self.told);
        let ids: Vec<&String> = orders.keys().collect();
        let mut mischief = Vec::new();
        let Some(order_id) = ids.choose(random).map(|id| (*id).clone()) else {
            return mischief;
        };
        let order = &orders[&order_id];
        let country = order.country.clone();
        let mut send = |by: Option<String>, carrier, number: String| Planned {
            from: at,
            says: Says::Tracking {
                order_id: order_id.clone(),
                carrier,
                number,
                uploaded_at: by.is_none().then_some(at),
                all: random.random_ratio(1, 2),
                invoice: true,
                tax_id: tax_id_of(&country),
            },
            by,
        };
        match self.files % 5 {
            0 => {
                let numbers = model::numbers(&orders);
                let taken = numbers.iter().find(|(.., owner)| *owner != order_id);
                mischief.extend(taken.map(|(number, carrier, _)| send(None, *carrier, number.clone())));
            }
            1 => {
                self.numbers += 1;
                let stranger = if order.seller == "S00001" {
                    "S00002"
                } else {
                    "S00001"
                };
                let number = format!("YT99{:014}", self.numbers);
                mischief.push(send(Some(stranger.to_owned()), "YunExpress", number));
            }
            2 => {
                let told = self
                    .told
                    .iter()
                    .find(|told| matches!(&told.says, Says::Order { order_id: id, .. } if *id == order_id));
                if let Some(mut says) = told.map(|told| told.says.clone()) {
                    if let Says::Order { cents, .. } = &mut says {
                        *cents += 7_777;
                    }
                    mischief.push(Planned {
                        from: at,
                        by: None,
                        says,
                    });
                }
            }
            3 => mischief.extend(pasted_one_row_off(&orders, at, random)),
            _ => {}
        }
        mischief
    }

    /// Rows as files of their kind and uploader, shuffled, some split in two.
    fn filed(&mut self, said: Vec<Planned>, day: &Day, until: i64, random: &mut ChaCha8Rng) -> Vec<File> {
        let mut files: Vec<File> = Vec::new();
        let mut held = Vec::new();
        let split = random.random_range(1..=2);
        for planned in said {
            let kind = planned.says.kind();
            let part = random.random_range(0..split);
            let name = format!("day{}-{part}.csv", day.number);
            let is_it = |file: &&mut File| (file.kind, &file.by, &file.name) == (kind, &planned.by, &name);
            match files.iter_mut().find(is_it) {
                // Within one file of a seller's all is told at one instant: one row an order.
                Some(file)
                    if planned.by.is_some()
                        && file.rows.iter().any(|row| is_about_the_same(row, &planned.says)) =>
                {
                    held.push(planned);
                }
                Some(file) => file.rows.push(planned.says),
                None => files.push(File {
                    kind,
                    states: (planned.by.is_none() && random.random_ratio(1, 3)).then_some(until),
                    by: planned.by,
                    name,
                    rows: vec![planned.says],
                }),
            }
        }
        self.planned.extend(held);
        for file in &mut files {
            file.rows.shuffle(random);
        }
        files.shuffle(random);
        files
    }
}

/// A file whose numbers slipped by a row, and the right one that follows it: swaps and cycles among orders.
fn pasted_one_row_off(
    orders: &BTreeMap<String, model::Order>,
    at: i64,
    random: &mut ChaCha8Rng,
) -> Vec<Planned> {
    let mut sent: Vec<_> = orders
        .iter()
        .filter_map(|(id, order)| Some((id, order, order.parcels.last()?)))
        .collect();
    sent.shuffle(random);
    sent.truncate(random.random_range(2..=3));
    let right_at = at + random.random_range(HOUR..3 * DAY);
    let mut rows = Vec::new();
    for (index, (order_id, order, own)) in sent.iter().enumerate() {
        let (_, _, others) = &sent[(index + 1) % sent.len()];
        for (from, parcel) in [(at, others), (right_at, own)] {
            rows.push(Planned {
                from,
                says: Says::Tracking {
                    order_id: (*order_id).clone(),
                    carrier: parcel.carrier,
                    number: parcel.number.clone(),
                    uploaded_at: Some(from),
                    all: true,
                    invoice: true,
                    tax_id: tax_id_of(&order.country),
                },
                by: None,
            });
        }
    }
    rows
}

fn is_about_the_same(one: &Says, other: &Says) -> bool {
    let about = |says: &Says| match says {
        Says::Order { order_id, .. } | Says::Tracking { order_id, .. } => order_id.clone(),
        Says::Appeal { appeal_id, .. } => appeal_id.clone(),
        Says::Event { .. } | Says::Rate { .. } | Says::Noise(_) => String::new(),
    };
    let about = (about(one), about(other));
    one.kind() != Kind::Events && about.0 == about.1
}
