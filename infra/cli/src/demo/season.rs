//! The demo's season: sellers who pass, fail and stand on the edge, and every kind of trouble. The same seed and size
//! make the same files.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{Elapsed, Month, Timestamp, Zone};
use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::files::{Files, Row};
use super::parcels::{Plan, ship};
use super::troubles::{EVERYDAY, SLOPPY, Trouble};

/// The months of the season, in the platform zone.
pub(super) const MONTHS: [(i32, u32); 3] = [(2024, 3), (2024, 4), (2024, 5)];
/// The last day to play: by then the last order's 30 days are over.
pub(super) const LAST_DAY: (i32, u32, u32) = (2024, 7, 1);

/// A seller of the season and what is to become of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seller {
    pub(super) id: &'static str,
    pub(super) about_en: &'static str,
    pub(super) about_zh: &'static str,
    kind: Kind,
    /// USD cents a month.
    gmv_cents: i64,
    /// Share of the season's orders, in twentieths.
    share: u32,
    /// Whether C1 is meant to admit it at the end; a test holds the season to it.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "what the season is made for, checked by a test")
    )]
    pub(super) eligible: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Good,
    EdgePass,
    EdgeFail,
    Sloppy,
}

/// The six sellers.
pub(super) const SELLERS: [Seller; 6] = [
    seller(
        "AURORA",
        "well run, far above both limits",
        "运营良好，两项指标都远超要求",
        Kind::Good,
        9_000_000,
        5,
        true,
    ),
    seller(
        "BALANCE",
        "exactly USD 150,000.00 and exactly 95 %",
        "恰好 150,000.00 美元、恰好 95%",
        Kind::EdgePass,
        5_000_000,
        3,
        true,
    ),
    seller(
        "CLIFF",
        "one failed order too many in the last month",
        "最后一个月多一单未履约",
        Kind::EdgeFail,
        6_000_000,
        3,
        false,
    ),
    seller(
        "DWARF",
        "careful, but too small",
        "履约很好，但销售额不足",
        Kind::Good,
        1_200_000,
        2,
        false,
    ),
    seller(
        "EUROPA",
        "well run, paid in euros",
        "运营良好，以欧元收款",
        Kind::Good,
        7_000_000,
        3,
        true,
    ),
    seller(
        "FUMBLE",
        "sells well, uploads carelessly",
        "销售额够，但上传马虎",
        Kind::Sloppy,
        8_000_000,
        4,
        false,
    ),
];

const fn seller(
    id: &'static str,
    about_en: &'static str,
    about_zh: &'static str,
    kind: Kind,
    gmv_cents: i64,
    share: u32,
    eligible: bool,
) -> Seller {
    Seller {
        id,
        about_en,
        about_zh,
        kind,
        gmv_cents,
        share,
        eligible,
    }
}

/// A season, written.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) orders: u64,
    pub(super) files: u64,
    pub(super) rows: u64,
}

/// Makes a season of about `orders` orders under `directory`.
pub(super) fn make(orders: u32, seed: u64, zone: Zone, directory: &std::path::Path) -> std::io::Result<Made> {
    let mut files = Files::default();
    let mut maker = Maker {
        random: ChaCha8Rng::seed_from_u64(seed),
        zone,
        serial: 0,
        files: &mut files,
    };
    maker.rates();
    for seller in &SELLERS {
        for (year, month) in MONTHS {
            // Three months, twenty shares; at least a handful, so that each seller has a story.
            let count = (orders * seller.share / 60).max(4);
            maker.month(seller, year, month, count);
        }
    }
    let made_orders = maker.serial;
    let (files, rows) = files.write(directory)?;
    Ok(Made {
        orders: made_orders,
        files,
        rows,
    })
}

struct Maker<'a> {
    random: ChaCha8Rng,
    zone: Zone,
    serial: u64,
    files: &'a mut Files,
}

impl Maker<'_> {
    /// Daily euro rates, around 1.08.
    fn rates(&mut self) {
        let first = day(2024, 2, 25);
        for date in first.iter_days().take(110) {
            let wiggle = self.random.random_range(0..200_u32);
            let cells = vec![
                date.to_string(),
                "EUR".to_owned(),
                format!("1.0{:03}", 700 + wiggle),
            ];
            self.files.add(first.max(day(2024, 3, 1)), "rates", cells);
        }
    }

    fn month(&mut self, seller: &Seller, year: i32, month: u32, count: u32) {
        // 95 % exactly asks for a multiple of twenty orders where there are that many.
        let count = if seller.kind == Kind::Good || seller.kind == Kind::Sloppy || count < 20 {
            count
        } else {
            count / 20 * 20
        };
        let failures = count / 20 + u32::from(seller.kind == Kind::EdgeFail && (year, month) == MONTHS[2]);
        let month: Month = Month::of(noon(year, month, 15), self.zone);
        for index in 0..count {
            let trouble = self.trouble(seller.kind, index, count, failures);
            self.order(seller, month, index, count, trouble);
        }
    }

    fn trouble(&mut self, kind: Kind, index: u32, count: u32, failures: u32) -> Trouble {
        match kind {
            // The failures come last, so that the month's fate is decided in its last days.
            Kind::EdgePass | Kind::EdgeFail if index + failures >= count => Trouble::LATE[index as usize % 2],
            Kind::Sloppy => SLOPPY[index as usize % SLOPPY.len()],
            Kind::Good | Kind::EdgePass | Kind::EdgeFail if self.random.random_range(0..4_u32) == 0 => {
                EVERYDAY[self.random.random_range(0..EVERYDAY.len())]
            }
            _ => Trouble::None,
        }
    }

    fn order(&mut self, seller: &Seller, month: Month, index: u32, count: u32, trouble: Trouble) {
        self.serial += 1;
        let (begins, ends) = (month.starts_at(self.zone), month.ends_at(self.zone));
        let span = ends.since(begins).seconds();
        let paid_at = Timestamp::from_unix(
            begins.unix()
                + span * i64::from(index) / i64::from(count)
                + self.random.random_range(0..(span / i64::from(count)).max(1)),
        );
        let cents = seller.gmv_cents / i64::from(count)
            + if index == 0 {
                seller.gmv_cents % i64::from(count)
            } else {
                0
            };
        let in_euros = seller.id == "EUROPA";
        let plan = Plan {
            order_id: format!("{}", 8_100_200_000_000_000_u64 + self.serial * 17),
            seller_id: seller.id,
            paid_at,
            amount: format!("{}.{:02}", cents / 100, cents % 100),
            currency: if in_euros { "EUR" } else { "USD" },
            destination: trouble
                .destination()
                .unwrap_or(["US", "ES", "FR", "RU", "DE", "RU"][self.serial as usize % 6]),
            serial: self.serial,
            pace: Elapsed::hours(self.random.random_range(18..34)),
            trouble,
        };
        for Row { day, kind, cells } in ship(&plan, self.zone) {
            self.files.add(day, kind, cells);
        }
    }
}

pub(super) fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or(NaiveDate::MIN)
}

fn noon(year: i32, month: u32, of: u32) -> Timestamp {
    let noon = day(year, month, of).and_hms_opt(12, 0, 0).unwrap_or_default();
    Timestamp::from(DateTime::<Utc>::from_naive_utc_and_offset(noon, Utc))
}
