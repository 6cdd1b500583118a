use std::collections::HashSet;

use super::*;

fn batch(key: &str, bytes: u64) -> LakeObject {
    LakeObject {
        key: format!("lake/orders/month=2024-04/{key}.parquet"),
        etag: "tag".to_owned(),
        bytes,
    }
}

#[test]
fn a_run_takes_as_many_batches_as_it_can_hold_and_at_least_one() {
    let all = [batch("1", 40), batch("2", 60), batch("3", 1), batch("4", 500)];
    let mut left = all.to_vec();
    let mut taken = Vec::new();
    loop {
        let step = next_step(left.clone(), Extent::Batches, 100);
        taken.push(step.objects.len());
        left.drain(..step.objects.len());
        assert_eq!(step.more, !left.is_empty());
        if !step.more {
            break;
        }
    }
    assert_eq!(taken, [2, 1, 1]);
    assert_eq!(next_step(Vec::new(), Extent::Batches, 100), Step::default());
}

/// Steps as their files' names and sizes go: each file of a step is spread evenly over the buckets that it may hold.
#[test]
fn a_month_of_any_size_is_folded_in_steps_that_fit() {
    for count in [3, 50, 150] {
        let mut objects: Vec<_> = (0..count)
            .map(|index| batch(&format!("{index:04}"), 60_000 + index % 7))
            .collect();
        let mut steps = 0;
        loop {
            let step = next_step(objects.clone(), Extent::Month, 1_000_000);
            if step.objects.is_empty() {
                break;
            }
            steps += 1;
            assert!(steps < 10 * count, "{count} files take {steps} steps");
            let bytes: u64 = step.objects.iter().map(|object| object.bytes).sum();
            assert!(bytes <= 1_000_000, "{bytes} in one step");
            let taken: HashSet<&String> = step.objects.iter().map(|object| &object.key).collect();
            objects.retain(|object| !taken.contains(&object.key));
            let buckets = step.buckets.unwrap_or(1);
            let mut by_bucket: BTreeMap<u32, u64> = BTreeMap::new();
            for object in &step.objects {
                let (bucket, of) = object.bucket().unwrap_or((0, 1));
                let shares = (0..buckets).filter(|share| share % of.min(buckets) == bucket % of.min(buckets));
                let shares: Vec<u32> = shares.collect();
                for share in &shares {
                    *by_bucket.entry(*share).or_default() += object.bytes.div_ceil(shares.len() as u64);
                }
            }
            for (bucket, bytes) in by_bucket {
                let name = SetName {
                    generation: steps as u32,
                    set: format!("{steps:016}"),
                    bucket,
                    buckets,
                };
                objects.push(batch(name.to_string().trim_end_matches(".parquet"), bytes));
            }
        }
        let mut buckets: Vec<_> = objects.iter().filter_map(LakeObject::bucket).collect();
        let files = buckets.len();
        buckets.sort_unstable();
        buckets.dedup();
        assert_eq!(
            (files, objects.len()),
            (buckets.len(), buckets.len()),
            "one file a bucket"
        );
    }
}
