//! The generator's orders as the lake holds them.

use std::fs::{self, File};
use std::path::Path;

use lake::{OrderRow, order_batch, order_set};
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};

/// The months of the generator, as the peers cut them: in UTC.
pub const MONTHS: [&str; 4] = ["2025-01", "2025-02", "2025-03", "2025-04"];
/// Where they begin, and where the last ends, in Unix seconds.
const BEGINS: [i64; 5] = [
    1_735_689_600,
    1_738_368_000,
    1_740_787_200,
    1_743_465_600,
    1_746_057_600,
];
/// When the generator's extract is taken.
pub const AS_OF: &str = "2025-05-16T00:00:00Z";
/// Orders of one compacted file.
const FILE_ORDERS: usize = 131_072;
/// Rows of one raw batch.
const BATCH_ROWS: usize = 50_000;

const HOUR: i64 = 3_600;
const CARRIERS: [&str; 6] = ["dhl", "yanwen", "jcex", "ups", "fedex", "4px"];

/// The peers' rates: USD per unit in ten-thousandths.
fn rate_of(currency: &[u8]) -> i64 {
    match currency {
        b"USD" => 10_000,
        b"EUR" => 10_800,
        b"GBP" => 12_700,
        _ => 1_400,
    }
}

/// Writes the orders as a compacted lake, one row an order; once.
pub fn compacted(generated: &Path, lake: &Path) {
    if lake.exists() {
        return;
    }
    let part = lake.with_extension("part");
    let mut files = [0_u32; 4];
    let mut pending: [Vec<OrderRow>; 4] = Default::default();
    let write = |month: usize, rows: Vec<OrderRow>, file: u32| {
        let folder = part.join(format!("month={}", MONTHS[month]));
        fs::create_dir_all(&folder).expect("a folder");
        let bytes = order_set(rows, "bench", file, 65_536).expect("rows encode");
        fs::write(folder.join(format!("set-{file:05}.parquet")), bytes).expect("written");
    };
    each_order(generated, u64::MAX, |month, row| {
        pending[month].push(row);
        if pending[month].len() == FILE_ORDERS {
            write(month, std::mem::take(&mut pending[month]), files[month]);
            files[month] += 1;
        }
    });
    for (month, rows) in pending.into_iter().enumerate() {
        write(month, rows, files[month]);
    }
    fs::rename(part, lake).expect("the lake");
}

/// Writes some of the orders as a raw lake: eight rows each, told in any order, one in sixteen twice; once. Gives the rows.
pub fn raw(generated: &Path, lake: &Path, orders: u64) -> u64 {
    let part = lake.with_extension("part");
    let count = lake.join("rows");
    if let Ok(rows) = fs::read_to_string(&count) {
        return rows.parse().expect("a number");
    }
    let (mut rows, mut files) = (0, 0);
    let mut pending: [Vec<OrderRow>; 4] = Default::default();
    let mut write = |month: usize, mut batch: Vec<OrderRow>| {
        let folder = part.join(format!("month={}", MONTHS[month]));
        fs::create_dir_all(&folder).expect("a folder");
        batch.sort_by_key(|row| domain::shard_hash(format!("{}{}", row.order_id, row.version).as_bytes()));
        let bytes = order_batch(&batch).expect("rows encode");
        fs::write(folder.join(format!("{files:06}.parquet")), bytes).expect("written");
        files += 1;
    };
    each_order(generated, orders, |month, row| {
        for version in 1..=8 {
            let older = OrderRow {
                version,
                learned_at: row.learned_at - (8 - version) * HOUR,
                delivery_met: row.delivery_met && version > 6,
                ..row.clone()
            };
            let repeated = usize::from(domain::shard_hash(row.order_id.as_bytes()).is_multiple_of(16));
            for _ in 0..=repeated {
                rows += 1;
                pending[month].push(older.clone());
            }
        }
        if pending[month].len() >= BATCH_ROWS {
            write(month, std::mem::take(&mut pending[month]));
        }
    });
    for (month, batch) in pending.into_iter().enumerate() {
        write(month, batch);
    }
    fs::write(part.join("rows"), rows.to_string()).expect("written");
    fs::rename(part, lake).expect("the lake");
    rows
}

/// Hands out the generator's orders, spread over its files, as rows of the lake, with the number of their month.
fn each_order(generated: &Path, orders_max: u64, mut each: impl FnMut(usize, OrderRow)) {
    let mut paths: Vec<_> = (fs::read_dir(generated).expect("a folder"))
        .map(|entry| entry.expect("a file").path())
        .collect();
    paths.sort();
    let of_file = orders_max.div_ceil(paths.len() as u64);
    for path in paths {
        let reader = SerializedFileReader::new(File::open(path).expect("a file")).expect("Parquet");
        let mut left = of_file;
        for group in 0..reader.num_row_groups() {
            for order in orders_of(&*reader.get_row_group(group).expect("a row group")) {
                if left > 0 {
                    left -= 1;
                    let (month, row) = order.row();
                    // The generator's last orders may lie a minute beyond its months.
                    if month < MONTHS.len() {
                        each(month, row);
                    }
                }
            }
        }
    }
}

/// An order of the generator; instants in milliseconds.
struct Order {
    order_id: i64,
    seller_id: i32,
    paid_at: i64,
    uploaded_at: Option<i64>,
    picked_up_at: Option<i64>,
    signed_at: Option<i64>,
    amount_cents: i64,
    currency: ByteArray,
    destination: ByteArray,
    status: ByteArray,
}

fn cells<T: DataType>(group: &dyn RowGroupReader, name: &str) -> impl Iterator<Item = Option<T::T>> {
    let metadata = group.metadata();
    let mut columns = metadata.columns().iter();
    let place = columns
        .position(|column| column.column_path().string() == name)
        .expect("a column");
    let rows = usize::try_from(metadata.num_rows()).expect("rows");
    let mut reader = get_typed_column_reader::<T>(group.get_column_reader(place).expect("a column"));
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    reader
        .read_records(rows, Some(&mut levels), None, &mut values)
        .expect("values");
    levels.resize(rows, 1);
    let mut values = values.into_iter();
    levels
        .into_iter()
        .map(move |level| if level > 0 { values.next() } else { None })
}

fn orders_of(group: &dyn RowGroupReader) -> impl Iterator<Item = Order> {
    let mut sellers = cells::<Int32Type>(group, "seller_id");
    let integers = |name| cells::<Int64Type>(group, name);
    let (mut paid, mut uploaded, mut picked_up) = (
        integers("paid_at"),
        integers("uploaded_at"),
        integers("picked_up_at"),
    );
    let (mut signed, mut amounts) = (integers("signed_at"), integers("amount_cents"));
    let texts = |name| cells::<ByteArrayType>(group, name);
    let (mut currencies, mut destinations, mut statuses) =
        (texts("currency"), texts("destination"), texts("status"));
    integers("order_id").map(move |order_id| Order {
        order_id: order_id.expect("an order"),
        seller_id: sellers.next().flatten().expect("a seller"),
        paid_at: paid.next().flatten().expect("a payment"),
        uploaded_at: uploaded.next().flatten(),
        picked_up_at: picked_up.next().flatten(),
        signed_at: signed.next().flatten(),
        amount_cents: amounts.next().flatten().expect("an amount"),
        currency: currencies.next().flatten().expect("a currency"),
        destination: destinations.next().flatten().expect("a destination"),
        status: statuses.next().flatten().expect("a status"),
    })
}

impl Order {
    /// The row, with what the peers derive when they aggregate derived when it is written.
    fn row(self) -> (usize, OrderRow) {
        let seconds = |ms: i64| ms.div_euclid(1_000);
        let paid_at = seconds(self.paid_at);
        let within =
            |at: Option<i64>, hours: i64| at.is_some_and(|at| at - self.paid_at <= hours * HOUR * 1_000);
        let fulfilled = within(self.uploaded_at, 48) && within(self.picked_up_at, 120);
        let standing = |met: bool, at: Option<i64>, hours: i64| match at {
            Some(at) if met => (met, seconds(at)),
            _ => (met, paid_at + hours * HOUR + 1),
        };
        let fulfilment = standing(fulfilled, self.picked_up_at, 120);
        let upload = standing(within(self.uploaded_at, 24), self.uploaded_at, 24);
        let pickup = self
            .uploaded_at
            .map(|_| standing(within(self.picked_up_at, 120), self.picked_up_at, 120));
        let delivery = standing(self.signed_at.is_some(), self.signed_at, 30 * 24);
        let excluded = matches!(self.status.data(), b"CANCELLED" | b"FRAUD");
        let complete = self.order_id % 20 != 0;
        let nodes = self.signed_at.map(|at| (complete, seconds(at)));
        let text = |bytes: &ByteArray| String::from_utf8_lossy(bytes.data()).into_owned();
        let carrier = CARRIERS[usize::try_from(self.order_id / 3 % 6).unwrap_or(0)];
        let month = BEGINS.iter().rposition(|begins| *begins <= paid_at).unwrap_or(0);
        let last = self
            .signed_at
            .or(self.picked_up_at)
            .or(self.uploaded_at)
            .map_or(paid_at, seconds);
        let row = OrderRow {
            order_id: self.order_id.to_string(),
            seller_id: format!("S{:05}", self.seller_id),
            version: 8,
            learned_at: last.max(paid_at),
            paid_at,
            destination: text(&self.destination),
            policy: "V4.2".to_owned(),
            policy_early: false,
            gmv_cents: if excluded {
                0
            } else {
                self.amount_cents * rate_of(self.currency.data())
            },
            excluded,
            fulfilment_met: Some(fulfilment.0),
            fulfilment_at: Some(fulfilment.1),
            upload_met: upload.0,
            upload_at: upload.1,
            pickup_met: pickup.map(|it| it.0),
            pickup_at: pickup.map(|it| it.1),
            delivery_met: delivery.0,
            delivery_at: delivery.1,
            nodes_met: nodes.map(|it| it.0),
            nodes_at: nodes.map(|it| it.1),
            nodes_missing: (nodes.is_some() && !complete).then(|| "departed_origin".to_owned()),
            carrier: self.uploaded_at.map(|_| carrier.to_owned()),
            first_upload_at: self.uploaded_at,
            late_pickup_at: None,
            unconfirmed: None,
            superseded_at: None,
            state: Vec::new(),
        };
        (month, row)
    }
}
