//! The sums of `infra/COST.md`: its counts at its prices, in whole micro-dollars.

use crate::cost::document::{Document, grouped, hundredths, table};

/// Orders a month.
const SIZES: [u64; 3] = [100_000, 1_000_000, 64_000_000];
const MILLION: u64 = 1_000_000;
const GB: u64 = 1_000_000_000;
const TB: u64 = 1_000 * GB;

/// What the document gives: prices in micro-dollars, units in thousandths.
pub(crate) struct Given<'a> {
    document: &'a Document,
}

/// Read and write units, in thousandths.
#[derive(Clone, Copy)]
struct Units {
    reads: u64,
    writes: u64,
}

impl<'a> Given<'a> {
    pub(crate) fn of(document: &'a Document) -> Self {
        Self { document }
    }

    /// What so much of a thing costs; `per` is what the price is for.
    fn cost(&self, price: &str, count: u128, per: u64) -> u128 {
        let micro_dollars = self.document.number("Prices", price, 1, 6);
        count * u128::from(micro_dollars) / u128::from(per)
    }

    fn assumed(&self, what: &str) -> u64 {
        self.document.number("Assumptions", what, 1, 0)
    }

    fn units(&self, heading: &str, step: &str) -> Units {
        Units {
            reads: self.document.number(heading, step, 1, 3),
            writes: self.document.number(heading, step, 2, 3),
        }
    }

    fn life(&self, step: &str) -> Units {
        self.units("An order's life", step)
    }

    fn night(&self, what: &str) -> Units {
        self.units("A night and a fine", what)
    }

    fn size(&self, what: &str) -> u128 {
        u128::from(self.document.number("An order's life", what, 1, 0))
    }

    fn reads(&self, thousandths: u128) -> u128 {
        self.cost("read request units", thousandths, 1_000 * MILLION)
    }

    fn writes(&self, thousandths: u128) -> u128 {
        self.cost("write request units", thousandths, 1_000 * MILLION)
    }

    fn both(&self, units: Units, times: u128) -> u128 {
        self.reads(times * u128::from(units.reads)) + self.writes(times * u128::from(units.writes))
    }

    /// So many microseconds of processor in functions.
    fn processor(&self, what: &str, times: u128) -> u128 {
        let micros = times * u128::from(self.document.number("Time", what, 1, 0));
        let factor = u128::from(self.assumed("GB-seconds for a second of processor"));
        self.cost("Lambda, GB-seconds", micros * factor, MILLION * MILLION)
    }

    /// Nights that an order is read in the table.
    fn nights_of_an_order(&self) -> u64 {
        self.assumed("nights on its way") + self.assumed("nights at rest")
    }

    /// Orders in the table at any time.
    fn orders_there(&self, orders: u64) -> u64 {
        orders * self.nights_of_an_order() / self.assumed("nights of a month")
    }

    fn segments(&self, orders: u64) -> u64 {
        let of_one = self.assumed("orders of a segment, at most");
        self.orders_there(orders).div_ceil(of_one).max(4)
    }

    fn events(&self) -> u64 {
        self.assumed("events of an order")
    }

    /// The pass's own reads for a month's orders, over all their nights.
    fn pass_reads(&self, orders: u64) -> u128 {
        let on_its_way = self.assumed("nights on its way") * self.life("each night on its way").reads;
        let at_rest = self.assumed("nights at rest") * self.life("each night at rest").reads;
        self.reads(u128::from(orders) * u128::from(on_its_way + at_rest))
    }

    fn pass_processor(&self, orders: u64) -> u128 {
        let seen = u128::from(orders) * u128::from(self.nights_of_an_order());
        self.processor("an order of the stall pass", seen)
    }

    fn transitions(&self, orders: u64) -> u128 {
        let nights = self.assumed("nights of a month");
        let each = 6 + 4 * self.segments(orders);
        self.cost("state transitions", u128::from(nights * each), MILLION)
    }

    fn taking_in(&self, orders: u64) -> u128 {
        let (order, tracking) = (self.life("its order row"), self.life("its tracking row"));
        let event = self.life("each of its events");
        let units = Units {
            reads: order.reads + tracking.reads + self.events() * event.reads,
            writes: order.writes + tracking.writes + self.events() * event.writes,
        };
        self.both(units, u128::from(orders))
    }

    fn fines(&self, orders: u64) -> u128 {
        let thousands = u128::from(orders / 1_000);
        let silences = thousands * u128::from(self.assumed("silences fined, of 1,000 orders"));
        let unsigned = thousands * u128::from(self.assumed("orders unsigned for 30 days, of 1,000"));
        self.both(self.night("a fine for silence, by the stall pass"), silences)
            + self.both(
                self.night("a fine for want of a signature, by the sign-off scan"),
                unsigned,
            )
            + self.both(
                self.night("its line in the close and in the digest"),
                silences + unsigned,
            )
    }

    /// What every night costs, and its requests and transitions.
    fn nights(&self, orders: u64) -> u128 {
        let nights = u128::from(self.assumed("nights of a month"));
        let requests = "requests to the bucket, for a night of one segment";
        let puts = self.document.number("A night and a fine", requests, 1, 0) + self.segments(orders) - 1;
        let gets = self.document.number("A night and a fine", requests, 2, 0) + self.segments(orders) - 1;
        self.both(self.night("a night, whatever it finds"), nights)
            + self.cost("puts and lists", nights * u128::from(puts), MILLION)
            + self.cost("gets", nights * u128::from(gets), MILLION)
            + self.transitions(orders)
    }

    fn records(&self, orders: u64) -> u128 {
        u128::from(orders) * self.size("records in the streams")
    }

    /// Batches of the streams in a month: as full as they get, or one a minute and shard where records are few.
    fn batches(&self, orders: u64) -> u128 {
        let full = self.records(orders) / u128::from(self.assumed("records of a batch"));
        full.max(u128::from(self.assumed("batches of a month, at least")))
    }

    /// The lake's files of a month.
    fn history(&self, orders: u64) -> u128 {
        let files = self.batches(orders) * u128::from(self.assumed("files of a batch"));
        self.cost("puts and lists", files, MILLION)
    }

    fn uploaded_rows(&self, orders: u64) -> u128 {
        u128::from(orders) * u128::from(2 + self.events())
    }

    fn uploaded_files(&self, orders: u64) -> u128 {
        let of_a_file = u128::from(self.assumed("rows of a file"));
        self.uploaded_rows(orders).div_ceil(of_a_file)
    }

    fn uploads(&self, orders: u64) -> u128 {
        let files = self.uploaded_files(orders);
        let of_a_file = |column| {
            let requests = "requests to the bucket";
            u128::from(self.document.number("An order's life", requests, column, 0))
        };
        self.cost("puts and lists", files * of_a_file(1), MILLION)
            + self.cost("gets", files * of_a_file(2), MILLION)
    }

    fn functions(&self, orders: u64) -> u128 {
        let silences = orders / 1_000 * self.assumed("silences fined, of 1,000 orders");
        let waited = self.batches(orders) * u128::from(self.assumed("ms that a batch waits, at 1 GB"));
        let nightly = self.segments(orders) + self.assumed("runs of a night beside its segments");
        let nights = u128::from(self.assumed("nights of a month") * nightly);
        let runs = self.batches(orders) + self.uploaded_files(orders) + nights;
        self.processor("a row of an upload", self.uploaded_rows(orders))
            + self.pass_processor(orders)
            + self.processor("a fine that it posts", u128::from(silences))
            + self.processor("a record of the streams", self.records(orders))
            + self.cost("Lambda, GB-seconds", waited, 1_000 * MILLION)
            + self.cost("Lambda, runs", runs, MILLION)
    }

    fn table_storage(&self, orders: u64) -> u128 {
        // DynamoDB adds 100 bytes for each item.
        let bytes = self.size("bytes of its item at rest") + 100;
        self.cost(
            "table storage and backups, a GB-month",
            u128::from(self.orders_there(orders)) * bytes,
            GB,
        )
    }

    /// What the records table holds in its twelfth month of what never leaves it: numbers and fines.
    fn records_storage(&self, orders: u64) -> u128 {
        let fined = self.assumed("silences fined, of 1,000 orders")
            + self.assumed("orders unsigned for 30 days, of 1,000");
        let fines = u128::from(12 * orders / 1_000 * fined);
        let of_a_fine =
            self.document
                .number("A night and a fine", "bytes of its three items, for ever", 1, 0);
        let of_a_number = self.size("bytes of its number's item, for ever") + 100;
        self.cost(
            "table storage and backups, a GB-month",
            u128::from(12 * orders) * of_a_number + fines * (u128::from(of_a_fine) + 300),
            GB,
        )
    }

    /// The stack's own alarms and figures.
    fn watching(&self) -> u128 {
        let counted = |what| u128::from(self.document.number("What watches", what, 1, 0));
        self.cost(
            "a metric of an alarm, a month",
            counted("metrics that alarms go by"),
            1,
        ) + self.cost(
            "a custom metric, a month",
            counted("figures that functions log and state machines put"),
            1,
        )
    }

    fn lake_storage(&self, orders: u64) -> u128 {
        let bytes = u128::from(12 * orders) * self.size("bytes in the lake");
        self.cost("bucket storage, a GB-month", bytes, GB)
    }
}

/// The table of a month's costs.
pub(crate) fn month(given: &Given<'_>) -> String {
    type Line = (&'static str, fn(&Given<'_>, u64) -> u128);
    let lines: [Line; 12] = [
        ("rows taken in: orders, tracking, events", |given, orders| {
            given.taking_in(orders)
        }),
        ("the nightly pass's reads", |given, orders| {
            given.pass_reads(orders)
        }),
        ("fines posted, closed and told", |given, orders| {
            given.fines(orders)
        }),
        ("orders marked to leave", |given, orders| {
            given.both(given.life("its mark, when it is settled"), u128::from(orders))
        }),
        ("what every night costs", |given, orders| given.nights(orders)),
        ("uploads' requests to the bucket", |given, orders| {
            given.uploads(orders)
        }),
        ("the lake's files", |given, orders| given.history(orders)),
        ("functions' time", |given, orders| given.functions(orders)),
        ("the orders table, kept and backed up", |given, orders| {
            given.table_storage(orders)
        }),
        ("the records table, in its twelfth month", |given, orders| {
            given.records_storage(orders)
        }),
        ("the lake, in its twelfth month", |given, orders| {
            given.lake_storage(orders)
        }),
        ("alarms and figures", |given, _| given.watching()),
    ];
    let mut rows: Vec<Vec<String>> = lines
        .iter()
        .map(|(what, cost)| row(what, SIZES.map(|orders| cost(given, orders))))
        .collect();
    let sums = SIZES.map(|orders| lines.iter().map(|(_, cost)| cost(given, orders)).sum());
    rows.push(row("**a month**", sums));
    let mut each = sums;
    for (sum, orders) in each.iter_mut().zip(SIZES) {
        *sum = *sum * u128::from(MILLION) / u128::from(orders);
    }
    rows.push(row("for a million orders", each));
    sized_table("USD a month", &rows)
}

/// The table of the pass and what might have been in its place.
pub(crate) fn alternatives(given: &Given<'_>) -> String {
    let moving = |orders: u64, moves: u64| {
        let units = |what| given.document.number("A moving due index", what, 1, 3);
        // It leaves the index as it entered it.
        let writes = 2 * units("entering it") + moves * units("moving its key, at an event");
        given.writes(u128::from(orders) * u128::from(writes))
    };
    let nights = u128::from(given.assumed("nights of a month"));
    let year = |orders: u64| {
        let seen = nights * u128::from(12 * orders);
        given.reads(seen * u128::from(given.life("each night at rest").reads))
            + given.processor("an order of the stall pass", seen)
    };
    let lake = |orders: u64| {
        let seen = nights * u128::from(given.orders_there(orders));
        given.cost(
            "a query service, a TB read",
            seen * given.size("bytes in the lake"),
            TB,
        ) + given.processor("an order of the stall pass", seen)
    };
    let rows = [
        row(
            "the pass over the live table",
            SIZES.map(|orders| {
                given.pass_reads(orders) + given.pass_processor(orders) + given.transitions(orders)
            }),
        ),
        row(
            "a due index, its key moved by each event",
            SIZES.map(|orders| moving(orders, given.events())),
        ),
        row(
            "a due index, its key moved once a day",
            SIZES.map(|orders| moving(orders, given.assumed("nights on its way"))),
        ),
        row(
            "a pass over a table that nothing leaves, after a year",
            SIZES.map(year),
        ),
        row("a pass over the lake's files of the same orders", SIZES.map(lake)),
    ];
    sized_table("USD a month, for finding what is due", &rows)
}

fn sized_table(title: &str, rows: &[Vec<String>]) -> String {
    let sizes = SIZES.map(|orders| format!("{} orders", grouped(orders)));
    let mut head = vec![title];
    head.extend(sizes.iter().map(String::as_str));
    table(&head, rows)
}

/// A line of micro-dollars, as dollars and cents, to the nearest.
fn row(what: &str, micro_dollars: [u128; 3]) -> Vec<String> {
    let cents = micro_dollars.map(|sum| u64::try_from((sum + 5_000) / 10_000).expect("a sum of a month"));
    std::iter::once(what.to_owned())
        .chain(cents.map(hundredths))
        .collect()
}
