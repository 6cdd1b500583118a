//! The people of a season: buyers who pay, clerks who upload and mistype, carriers who report late, sellers who appeal.
//!
//! All that will be said in a season is drawn up at its beginning, each row with the instant before which nobody says
//! it. Which file it comes in, and when that file arrives, is the office's matter.

use rand::Rng;
use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::facts::{Kind, Plea, Says, Status};

/// 2024-04-01 00:00 in the platform's zone.
pub const BEGINS: i64 = 1_711_954_800;
/// An hour.
pub const HOUR: i64 = 3_600;
/// A day.
pub const DAY: i64 = 24 * HOUR;

/// A row that somebody will say.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Not before.
    pub from: i64,
    /// In whose file; an operator's when there is none.
    pub by: Option<String>,
    /// What.
    pub says: Says,
}

/// Draws up a season.
pub struct People {
    random: ChaCha8Rng,
    planned: Vec<Planned>,
    numbers: u64,
}

struct Paid {
    order_id: String,
    seller: String,
    at: i64,
    country: &'static str,
}

impl People {
    /// What the people of a season will say, by its instants.
    pub fn of_season(seed: u64, orders: u64) -> Vec<Planned> {
        let mut people = Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            planned: Vec::new(),
            numbers: 0,
        };
        people.rates();
        for index in 0..orders {
            people.order(index);
        }
        people.strangers();
        people.planned.sort_by_key(|planned| planned.from);
        people.planned
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.random.random_ratio(percent, 100)
    }

    fn within(&mut self, hours: std::ops::RangeInclusive<i64>) -> i64 {
        self.random
            .random_range(hours.start() * HOUR..=hours.end() * HOUR)
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        *choices.choose(&mut self.random).expect("a choice among some")
    }

    fn say(&mut self, from: i64, by: Option<&str>, says: Says) {
        self.planned.push(Planned {
            from,
            by: by.map(str::to_owned),
            says,
        });
    }

    fn rates(&mut self) {
        for (currency, ten_thousandths) in [("EUR", 10_807), ("BRL", 1_993)] {
            // Every payment lies within the seven days after the first of April, so that each order comes to its rate.
            let from = BEGINS + if self.chance(70) { 0 } else { self.within(24..=300) };
            self.rate(from, 0, currency, ten_thousandths);
            // Other days', and the same day's again: on their day, late, or when orders were fined by another one.
            for _ in 0..self.random.random_range(0..5) {
                let day = self.random.random_range(-6..9);
                let from = BEGINS + self.within(0..=43 * 24);
                let change = self.pick(&[-700, -1, 0, 1, 2_000]);
                self.rate(from, day, currency, ten_thousandths + change);
            }
        }
    }

    fn rate(&mut self, from: i64, day: i64, currency: &'static str, ten_thousandths: i64) {
        let says = Says::Rate {
            day,
            currency,
            ten_thousandths,
        };
        self.say(from, None, says);
    }

    fn order(&mut self, index: u64) {
        let at = BEGINS + self.random.random_range(0..6 * DAY);
        let paid = Paid {
            order_id: (8_100_000_000_001_003 + index * 7_910).to_string(),
            seller: self.pick(&["S00001", "S00002", "S00003"]).to_owned(),
            at,
            country: self.pick(&["US", "US", "ES", "FR", "RU", "BR", "MX", "KP"]),
        };
        let cents = if self.chance(20) {
            self.pick(&[9, 10, 99_999, 100_001])
        } else {
            self.random.random_range(300..90_000)
        };
        let currency = self.pick(&["USD", "USD", "USD", "EUR", "BRL"]);
        let placed = |status, status_at| Says::Order {
            order_id: paid.order_id.clone(),
            seller: paid.seller.clone(),
            paid_at: at,
            cents,
            currency,
            country: paid.country,
            status,
            status_at,
        };
        let by = None;
        let from = at + self.within(0..=6);
        self.say(from, by, placed(Status::Paid, None));
        match self.random.random_range(0..100) {
            0..8 => {
                let status_at = at + self.within(1..=40);
                self.say(status_at, None, placed(Status::Cancelled, Some(status_at)));
            }
            8..16 => {
                // Around the deadline, and at times without its instant.
                let status_at = at + self.pick(&[30 * DAY, 30 * DAY + 1, 20 * DAY, 33 * DAY]);
                let stated = self.chance(70).then_some(status_at);
                self.say(status_at, None, placed(Status::Refunded, stated));
            }
            _ => {}
        }
        if self.chance(90) {
            self.ship(&paid);
        }
        if self.chance(45) {
            self.appeal(index, &paid);
        }
    }

    /// Uploads the order's numbers: good ones, bad ones and their mending, replacements and further parcels.
    fn ship(&mut self, paid: &Paid) {
        let delay = if self.chance(20) {
            self.pick(&[24 * HOUR, 24 * HOUR + 1, 40 * HOUR])
        } else {
            self.within(1..=23)
        };
        let at = paid.at + delay;
        let parcel = self.parcel();
        if self.chance(25) {
            let bad = match self.random.random_range(0..5) {
                0 => ("DHL", String::new()),
                1 => ("DHL", "1234".to_owned()),
                2 => ("Nobody Post", "1234567890".to_owned()),
                3 => (parcel.0, format!("{} {}", &parcel.1[..4], &parcel.1[4..])),
                _ => ("AliExpress Standard Shipping", "1234567890".to_owned()),
            };
            self.send(paid, &bad, at, true);
            if self.chance(80) {
                let mended_at = at + self.within(2..=60);
                self.send(paid, &parcel, mended_at, true);
                self.travel(&parcel, mended_at);
            }
            return;
        }
        self.send(paid, &parcel, at, true);
        self.travel(&parcel, at);
        let again_at = at + self.within(2..=200);
        let all = match self.random.random_range(0..100) {
            0..10 => false,
            10..20 => true,
            _ => return,
        };
        let other = self.parcel();
        self.send(paid, &other, again_at, all);
        self.travel(&other, again_at);
    }

    fn send(&mut self, paid: &Paid, parcel: &(&'static str, String), at: i64, all: bool) {
        let by = self.chance(35).then_some(paid.seller.as_str());
        let says = Says::Tracking {
            order_id: paid.order_id.clone(),
            carrier: parcel.0,
            number: parcel.1.clone(),
            uploaded_at: by.is_none().then_some(at),
            all,
            invoice: !self.chance(5),
            tax_id: if self.chance(5) {
                ""
            } else {
                tax_id_of(paid.country)
            },
        };
        self.say(at, by, says);
    }

    fn parcel(&mut self) -> (&'static str, String) {
        self.numbers += 1;
        if self.chance(50) {
            let serial = 100_000_000 + self.numbers * 7_907;
            ("DHL", format!("{serial}{}", serial % 7))
        } else {
            ("YunExpress", format!("YT{:016}", self.numbers * 104_729))
        }
    }

    /// The parcel's way, which may stop anywhere.
    fn travel(&mut self, parcel: &(&'static str, String), from: i64) {
        let last = self.pick(&[
            "signed",
            "signed",
            "signed",
            "signed",
            "returned",
            "lost",
            "cancelled",
        ]);
        let nodes = [
            "picked_up",
            "export_customs",
            "departed_origin",
            "in_transit",
            "arrived_destination",
            "import_customs",
            "out_for_delivery",
            last,
        ];
        let mut at = from + self.within(2..=52);
        for node in nodes {
            if self.chance(4) {
                return;
            }
            if !self.chance(8) {
                self.report(parcel, node, at);
            }
            at += match self.random.random_range(0..100) {
                0..8 => 48 * HOUR,
                8..16 => 48 * HOUR + 1,
                16..30 => self.within(50..=290),
                _ => self.within(3..=46),
            };
        }
        if self.chance(15) {
            // After the end, or beside it: nothing of it counts.
            self.report(parcel, "exception", at);
        }
    }

    /// An event, learned soon or late, at times more than once.
    fn report(&mut self, (carrier, number): &(&'static str, String), node: &'static str, at: i64) {
        for _ in 0..if self.chance(10) { 2 } else { 1 } {
            let told_at = match self.random.random_range(0..100) {
                // A carrier's clock in another zone: known before it happens.
                0..3 => at - self.within(1..=13),
                3..5 => at - self.within(15..=16),
                5..25 => at + self.within(20..=240),
                _ => at + self.within(0..=3),
            };
            self.say(
                told_at.max(BEGINS),
                None,
                Says::Event {
                    carrier,
                    number: number.clone(),
                    node,
                    occurred_at: at,
                    recorded_at: Some(told_at.max(BEGINS)),
                },
            );
        }
    }

    fn appeal(&mut self, index: u64, paid: &Paid) {
        let clause = self.pick(&["B4", "B4", "B4", "B3", "A6"]);
        let filed_at = paid.at
            + match clause {
                "B4" => self.pick(&[30 * DAY, 30 * DAY + 1, 25 * DAY, 29 * DAY, 32 * DAY]),
                _ => self.within(48..=400),
            };
        let appeal = |status, decided_at| Says::Appeal {
            appeal_id: format!("A{index:06}"),
            order_id: paid.order_id.clone(),
            clause,
            episode: None,
            status,
            filed_at,
            decided_at,
        };
        self.say(filed_at, None, appeal(Plea::Pending, None));
        if self.chance(80) {
            let decided_at = filed_at + self.within(1..=200);
            let plea = self.pick(&[
                Plea::Accepted,
                Plea::Accepted,
                Plea::Rejected,
                Plea::Withdrawn,
                Plea::Expired,
            ]);
            self.say(decided_at, None, appeal(plea, Some(decided_at)));
            if self.chance(15) {
                let again_at = decided_at + self.within(1..=100);
                self.say(again_at, None, appeal(Plea::Accepted, Some(again_at)));
            }
        }
        if self.chance(15) {
            let by = paid.seller.clone();
            let says = Says::Appeal {
                appeal_id: format!("S{index:06}"),
                order_id: paid.order_id.clone(),
                clause: "B4",
                episode: None,
                status: Plea::Pending,
                filed_at,
                decided_at: None,
            };
            self.say(filed_at, Some(&by), says);
        }
    }

    /// Parcels that no order has, and rows that nobody can read.
    fn strangers(&mut self) {
        let parcel = self.parcel();
        let from = BEGINS + self.within(0..=100);
        self.travel(&parcel, from);
        for kind in [Kind::Orders, Kind::Tracking, Kind::Events, Kind::Appeals] {
            let from = BEGINS + self.within(0..=400);
            self.say(from, None, Says::Noise(kind));
        }
    }
}

/// A tax id that passes where one is wanted.
pub fn tax_id_of(country: &str) -> &'static str {
    match country {
        "RU" => "7707083893",
        "BR" => "52998224725",
        "MX" => "GODE561231GR8",
        _ => "",
    }
}
