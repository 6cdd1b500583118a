//! Our side: three months of the lake's files folded, decided and written, and the peers' table for `compare.py`.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use domain::{Month, PolicyBook, SellerId, Timestamp};
use report::{Detail, Folded, Kept, MonthFigures, MonthFiles, Part, decide, fold, write_csv, write_parquet};

use crate::lake_files::{AS_OF, MONTHS};

/// `ours-cold | ours-warm | ours-keep`, the lake, where kept months lie, where to write.
pub fn run(mode: &str, arguments: &[String]) {
    let [lake, kept, out] = arguments else {
        panic!("a mode takes a lake, a folder of kept months and a file to write")
    };
    let (lake, kept) = (Path::new(lake), Path::new(kept));
    let months: Vec<Month> = MONTHS[1..]
        .iter()
        .map(|month| month.parse().expect("a month"))
        .collect();
    let last = reported();
    let path_of = |month: Month| kept.join(format!("{month}.postcard"));
    if mode == "ours-keep" {
        fs::create_dir_all(kept).expect("a folder");
        for month in &months[..2] {
            let month = Kept {
                inputs: Vec::new(),
                folded: folded(lake, *month),
            };
            fs::write(path_of(month.folded.month), Kept::to_bytes(&[month])).expect("written");
        }
        return;
    }
    let mut steps = Steps::begin();
    let folded = months.iter().map(|month| {
        if mode == "ours-warm" && *month != last {
            let bytes = fs::read(path_of(*month)).expect("a kept month");
            let mut kept = Kept::from_bytes(&bytes).expect("of this release");
            kept.remove(0).folded
        } else {
            folded(lake, *month)
        }
    });
    let figures: Vec<MonthFigures> = folded.flat_map(|month| month.sellers.into_values()).collect();
    steps.end("figures");
    fs::write(out, peers_table(&figures)).expect("written");
    steps.end("the peers' table");
    let report = decide(figures, last, as_of(), PolicyBook::shipped());
    steps.end("verdicts");
    let beside = |extension: &str| File::create(Path::new(out).with_extension(extension)).expect("a file");
    // As the function writes its forms: beside one another.
    std::thread::scope(|scope| {
        scope.spawn(|| write_csv(&report, &mut beside("report.csv")).expect("written"));
        write_parquet(&report, &mut beside("report.parquet")).expect("written");
    });
    steps.end("csv and Parquet");
}

/// Tells where the time goes; a bench does not look at it.
struct Steps(Instant);

impl Steps {
    fn begin() -> Self {
        Self(Instant::now())
    }

    fn end(&mut self, step: &str) {
        println!("{step}: {:.0?}", self.0.elapsed());
        self.0 = Instant::now();
    }
}

/// The month of the report: only it is broken down.
fn reported() -> Month {
    MONTHS[MONTHS.len() - 1].parse().expect("a month")
}

fn as_of() -> Timestamp {
    AS_OF.parse().expect("an instant")
}

fn folded(lake: &Path, month: Month) -> Folded {
    let folder = lake.join(format!("month={month}"));
    let mut orders: Vec<PathBuf> = (fs::read_dir(folder).expect("a folder"))
        .map(|entry| entry.expect("a file").path())
        .collect();
    orders.sort();
    let files = [MonthFiles {
        month,
        orders,
        ledger: Vec::new(),
    }];
    fold(&files, month, as_of(), Part::WHOLE, Detail::of(month, reported())).expect("the lake can be folded")
}

/// The columns of the peers' answer that both sides have, in their units: GMV in hundredths of a cent times the rate.
#[expect(clippy::float_arithmetic, reason = "the peers answer in floats")]
fn peers_table(figures: &[MonthFigures]) -> String {
    let mut by_seller: std::collections::BTreeMap<&SellerId, Vec<&MonthFigures>> = Default::default();
    for of in figures.iter().filter(|of| of.orders > of.excluded) {
        by_seller.entry(&of.seller_id).or_default().push(of);
    }
    let mut table =
        "seller_id,months,orders,avg_gmv_usd,fulfil_rate,worst_month,signed_rate,eligible\n".to_owned();
    for (seller, months) in by_seller {
        let sum = |of: fn(&MonthFigures) -> i64| months.iter().map(|month| of(month)).sum::<i64>() as f64;
        let (orders, fulfilled) = (sum(|of| of.orders - of.excluded), sum(|of| of.fulfilment.met));
        let gmv = sum(|of| of.gmv.0) / 3e6;
        let rates = months
            .iter()
            .map(|of| of.fulfilment.met as f64 / (of.orders - of.excluded) as f64);
        let (rate, worst) = (fulfilled / orders, rates.fold(f64::INFINITY, f64::min));
        let eligible = months.len() == 3 && gmv >= 2_000.0 && rate >= 0.90 && worst >= 0.85;
        let seller: u32 = seller.as_str().trim_start_matches('S').parse().expect("a number");
        let signed = sum(|of| of.delivery.met) / orders;
        let row = format!(
            "{seller},{},{orders},{gmv:?},{rate:?},{worst:?},{signed:?},{eligible}",
            months.len()
        );
        writeln!(table, "{row}").expect("a string takes text");
    }
    table
}
