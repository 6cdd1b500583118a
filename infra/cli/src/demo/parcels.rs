//! One order of the demo as the rows that tell of it.

use domain::{Elapsed, Timestamp, Zone};

use super::files::{Row, learned_on};
use super::numbers::{china_post, dhl, inn, yun_express};
use super::troubles::Trouble;

/// An order to be made.
pub(super) struct Plan {
    pub(super) order_id: String,
    pub(super) seller_id: &'static str,
    pub(super) paid_at: Timestamp,
    pub(super) amount: String,
    pub(super) currency: &'static str,
    pub(super) destination: &'static str,
    pub(super) serial: u64,
    /// Time between two events.
    pub(super) pace: Elapsed,
    pub(super) trouble: Trouble,
}

/// The stations of a delivery after its pickup.
const STATIONS: [&str; 7] = [
    "export_customs",
    "departed_origin",
    "in_transit",
    "arrived_destination",
    "import_customs",
    "out_for_delivery",
    "signed",
];

const HOUR: Elapsed = Elapsed::hours(1);
const DAY: Elapsed = Elapsed::days(1);

/// All rows about an order, each on the day on which it is learned.
pub(super) fn ship(plan: &Plan, zone: Zone) -> Vec<Row> {
    let mut told = Telling {
        plan,
        zone,
        rows: Vec::new(),
    };
    told.order();
    if plan.trouble == Trouble::CancelledUnshipped {
        return told.rows;
    }
    let uploaded_at = told.uploads();
    let Some(uploaded_at) = uploaded_at else {
        return told.rows;
    };
    told.events(uploaded_at, plan.serial * 2);
    if plan.trouble == Trouble::TwoParcels {
        told.events(uploaded_at, plan.serial * 2 + 1);
    }
    told.appeals();
    told.rows
}

struct Telling<'a> {
    plan: &'a Plan,
    zone: Zone,
    rows: Vec<Row>,
}

impl Telling<'_> {
    fn tell(&mut self, learned_at: Timestamp, kind: &'static str, cells: Vec<String>) {
        self.rows.push(Row {
            day: learned_on(learned_at, self.zone),
            kind,
            cells,
        });
    }

    fn order(&mut self) {
        let plan = self.plan;
        let learned_at = if plan.trouble == Trouble::TrackingFirst {
            plan.paid_at.plus(Elapsed::days(2))
        } else {
            plan.paid_at
        };
        self.order_row(learned_at, "paid", None);
        let status = match plan.trouble {
            Trouble::CancelledUnshipped => Some(("cancelled", plan.paid_at.plus(Elapsed::days(3)))),
            Trouble::Refunded => Some(("refunded", plan.paid_at.plus(Elapsed::days(25)))),
            _ => None,
        };
        if let Some((status, at)) = status {
            self.order_row(at, status, Some(at));
        }
    }

    fn order_row(&mut self, learned_at: Timestamp, status: &str, status_at: Option<Timestamp>) {
        let plan = self.plan;
        let cells = [
            &plan.order_id,
            plan.seller_id,
            &plan.paid_at.to_string(),
            &plan.amount,
            plan.currency,
            plan.destination,
            "apparel",
            status,
            &status_at.map_or(String::new(), |at| at.to_string()),
        ];
        self.tell(learned_at, "orders", cells.map(str::to_owned).to_vec());
    }

    /// The tracking rows; gives the first accepted upload.
    fn uploads(&mut self) -> Option<Timestamp> {
        let plan = self.plan;
        let (carrier, number) = parcel(plan.serial * 2);
        let first = plan.paid_at.plus(match plan.trouble {
            Trouble::LastSecond => DAY,
            Trouble::UploadLate => Elapsed::hours(24),
            _ => Elapsed::hours(9),
        });
        let first = if plan.trouble == Trouble::UploadLate {
            first.next()
        } else {
            first
        };
        let spaced = format!("{} {}", &number[..4], &number[4..]);
        let (_, taken) = parcel(plan.serial.saturating_sub(1) * 2);
        // What is uploaded first, and when it is mended.
        let slip: Option<(&str, &str, Option<Elapsed>)> = match plan.trouble {
            Trouble::NumberShort => Some((carrier, &number[..number.len() - 2], Some(DAY))),
            Trouble::NumberSpaced => Some((carrier, &spaced, Some(HOUR))),
            Trouble::NumberScientific => Some((carrier, "1.23457E+15", Some(DAY))),
            Trouble::NumberEmpty => Some((carrier, "", Some(HOUR))),
            Trouble::NumberReused => Some((parcel(plan.serial.saturating_sub(1) * 2).0, &taken, Some(DAY))),
            Trouble::CarrierUnknown => Some(("Pigeon Post", &number, Some(DAY))),
            Trouble::CarrierOutOfScope => Some(("AE Standard Shipping", &number, None)),
            Trouble::Sanctioned | Trouble::InvoiceMissing | Trouble::TaxIdInvalid => {
                Some((carrier, &number, None))
            }
            _ => None,
        };
        if let Some((carrier, number, mended_after)) = slip {
            self.upload(first, carrier, number, "all");
            let mended_at = first.plus(mended_after?);
            let (carrier, number) = parcel(plan.serial * 2);
            self.upload(mended_at, carrier, &number, "all");
            return Some(mended_at);
        }
        self.upload(first, carrier, &number, "all");
        if plan.trouble == Trouble::TwoParcels {
            let (carrier, number) = parcel(plan.serial * 2 + 1);
            self.upload(first, carrier, &number, "part");
        }
        Some(first)
    }

    fn upload(&mut self, at: Timestamp, carrier: &str, number: &str, send_type: &str) {
        let plan = self.plan;
        let wants_papers = plan.destination == "RU";
        let invoice = if wants_papers && plan.trouble != Trouble::InvoiceMissing {
            format!("INV{:06}", plan.serial)
        } else {
            String::new()
        };
        let tax_id = match (wants_papers, plan.trouble) {
            (true, Trouble::TaxIdInvalid) => "7700000000".to_owned(),
            (true, _) => inn(plan.serial),
            (false, _) => String::new(),
        };
        let cells = [
            &plan.order_id,
            carrier,
            number,
            &at.to_string(),
            send_type,
            &invoice,
            &tax_id,
        ];
        self.tell(at, "tracking", cells.map(str::to_owned).to_vec());
    }

    fn events(&mut self, uploaded_at: Timestamp, serial: u64) {
        let plan = self.plan;
        let (carrier, number) = parcel(serial);
        let mut at = uploaded_at.plus(match plan.trouble {
            Trouble::LastSecond | Trouble::PickupLate => Elapsed::hours(48),
            _ => Elapsed::hours(7),
        });
        if plan.trouble == Trouble::PickupLate {
            at = at.next();
        }
        self.event(carrier, &number, "picked_up", at, at.plus(HOUR));
        for (index, station) in STATIONS.into_iter().enumerate() {
            let before = at;
            at = at.plus(self.gap(index));
            match (plan.trouble, station) {
                (Trouble::BackFilled, "departed_origin") => {
                    // Scanned in the middle of the silence, told two days after its end.
                    self.event(
                        carrier,
                        &number,
                        "in_transit",
                        before.plus(Elapsed::hours(35)),
                        at.plus(Elapsed::days(2)),
                    );
                }
                (Trouble::Lost, "arrived_destination") => {
                    self.event(carrier, &number, "lost", at, at.plus(HOUR));
                    return;
                }
                (
                    Trouble::Unsigned | Trouble::AppealAccepted | Trouble::AppealRejected | Trouble::Refunded,
                    "signed",
                ) => return,
                (Trouble::SignedOnDay31, "signed") => at = plan.paid_at.plus(Elapsed::hours(30 * 24 + 15)),
                _ => {}
            }
            self.event(carrier, &number, station, at, at.plus(Elapsed::hours(2)));
        }
    }

    /// Time before a station.
    fn gap(&self, index: usize) -> Elapsed {
        match (self.plan.trouble, index) {
            (Trouble::Silent | Trouble::SilentForgiven, 3) | (Trouble::SilentTwice, 2 | 4) => {
                Elapsed::hours(60)
            }
            (Trouble::SilentToTheSecond, 3) => Elapsed::hours(48),
            (Trouble::SilentOneSecondMore, 3) => {
                Timestamp::from_unix(48 * 3_600 + 1).since(Timestamp::from_unix(0))
            }
            (Trouble::BackFilled, 1) => Elapsed::hours(70),
            _ => self.plan.pace,
        }
    }

    fn event(&mut self, carrier: &str, number: &str, code: &str, at: Timestamp, recorded_at: Timestamp) {
        let cells = [
            carrier,
            number,
            code,
            &at.to_string(),
            &recorded_at.to_string(),
            self.plan.destination,
        ];
        self.tell(recorded_at, "events", cells.map(str::to_owned).to_vec());
    }

    fn appeals(&mut self) {
        let plan = self.plan;
        let (clause, decided) = match plan.trouble {
            Trouble::AppealAccepted => ("B4", "accepted"),
            Trouble::AppealRejected => ("B4", "rejected"),
            Trouble::SilentForgiven => ("B3", "accepted"),
            _ => return,
        };
        let filed_at = plan.paid_at.plus(Elapsed::days(28));
        let decided_at = plan.paid_at.plus(Elapsed::days(33));
        for (status, learned_at, decided_at) in [
            ("pending", filed_at, None),
            (decided, decided_at, Some(decided_at)),
        ] {
            let cells = [
                &format!("AP{:06}", plan.serial),
                plan.order_id.as_str(),
                clause,
                "carrier_delay",
                status,
                &filed_at.to_string(),
                &decided_at.map_or(String::new(), |at: Timestamp| at.to_string()),
            ];
            self.tell(learned_at, "appeals", cells.map(str::to_owned).to_vec());
        }
    }
}

/// A parcel's carrier and number.
fn parcel(serial: u64) -> (&'static str, String) {
    match serial / 2 % 3 {
        0 => ("DHL", dhl(serial)),
        1 => ("China Post", china_post(serial)),
        _ => ("YunExpress", yun_express(serial)),
    }
}
