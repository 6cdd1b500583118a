//! Parquet's run-length and bit-packed runs, in which codes of a dictionary and definition levels are written.

use parquet::errors::ParquetError;

/// Appends `count` numbers of `width` bits, written as runs, to `out`; says how many bytes they took.
pub(super) fn decode_runs(
    bytes: &[u8],
    width: u32,
    count: usize,
    out: &mut Vec<u32>,
) -> Result<usize, ParquetError> {
    if width > 32 {
        return Err(damaged());
    }
    let end = out.len() + count;
    let mut at = 0;
    while out.len() < end {
        let wanted = end - out.len();
        let header = varint(bytes, &mut at)?;
        let length = usize::try_from(header >> 1).map_err(|_| damaged())?;
        if header & 1 == 0 {
            let size = width.div_ceil(8) as usize;
            let value = bytes.get(at..at + size).ok_or_else(damaged)?;
            let value = (value.iter().rev()).fold(0, |value, byte| value << 8 | u32::from(*byte));
            if length == 0 {
                return Err(damaged());
            }
            out.resize(out.len() + length.min(wanted), value);
            at += size;
        } else {
            let size = length.checked_mul(width as usize).ok_or_else(damaged)?;
            // A writer may leave out the padding of the last run.
            let packed = &bytes[at.min(bytes.len())..at.saturating_add(size).min(bytes.len())];
            let values = wanted.min(length.saturating_mul(8));
            unpack(packed, width, values, out)?;
            at += packed.len();
            if values == 0 {
                return Err(damaged());
            }
        }
    }
    Ok(at)
}

fn unpack(packed: &[u8], width: u32, count: usize, out: &mut Vec<u32>) -> Result<(), ParquetError> {
    if packed.len() * 8 < count * width as usize {
        return Err(damaged());
    }
    let mask = (1_u64 << width) - 1;
    let (mut bits, mut held) = (0_u64, 0);
    let mut bytes = packed.iter();
    out.extend((0..count).map(|_| {
        while held < width {
            bits |= u64::from(bytes.next().copied().unwrap_or(0)) << held;
            held += 8;
        }
        let value = (bits & mask) as u32;
        bits >>= width;
        held -= width;
        value
    }));
    Ok(())
}

fn varint(bytes: &[u8], at: &mut usize) -> Result<u64, ParquetError> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.get(*at).ok_or_else(damaged)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(damaged())
}

pub(super) fn damaged() -> ParquetError {
    ParquetError::General("a page ends early or does not hold what it says".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_and_packed_runs_are_read_and_damage_is_an_error() {
        // Five times 300, then 0..=7 in three bits each.
        let bytes = [10, 44, 1, 0, 3, 0b1000_1000, 0b1100_0110, 0b1111_1010];
        let mut out = Vec::new();
        assert_eq!(decode_runs(&bytes[..3], 9, 5, &mut out).ok(), Some(3));
        assert_eq!(out, [300; 5]);
        out.clear();
        assert_eq!(decode_runs(&bytes[4..], 3, 8, &mut out).ok(), Some(4));
        assert_eq!(out, [0, 1, 2, 3, 4, 5, 6, 7]);
        for broken in [&[][..], &[10], &[3, 1], &[0, 1], &[0xff; 9]] {
            assert!(decode_runs(broken, 9, 16, &mut Vec::new()).is_err(), "{broken:?}");
        }
    }
}
