//! Charts as SVG inside the page: drawn by `charts-rs`, coloured by the page's style.
//!
//! Their labels are codes, clauses and numbers, or one language's words; what they show stands as a table beside them, so
//! they are hidden from screen readers. A colour here is only a name: the style turns it into that of light, dark or paper.

use charts_rs::{
    BarChart, ChartBase, Color, HorizontalBarChart, LineChart, MarkLine, MarkLineCategory, Position, Series,
};
use maud::{Markup, PreEscaped, html as markup};

const WIDTH: f32 = 460.0;
const OURS: &str = "#0B5CAD";
const THEIRS: &str = "#A9B4C0";
const GOOD: &str = "#14713D";
const BAD: &str = "#B3261E";
const SOFT: &str = "#5A6673";
const GRID: &str = "#D5DBE2";
/// Around a picture.
const MARGIN: u16 = 5;
/// Of a narrow character of a label, at most; a wide one (of Chinese) takes two.
const CHARACTER: u16 = 7;
/// For a bar's name, at most.
const NAME_MAX: u16 = 22 * CHARACTER;
const LINES: [&str; 5] = [OURS, "#B26A00", "#7A3E9D", "#00796B", SOFT];

/// Rates over the months, the earliest first.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) rates_bp: Vec<Option<i64>>,
}

/// A share, and what stands beside it.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) value_bp: i64,
    pub(super) beside_bp: Option<i64>,
}

/// Rates as lines over the months, with the least rate as a dashed line.
pub(super) fn lines(months: Vec<String>, lines: &[Line], percent_min: u32) -> Markup {
    let lowest = lines.iter().flat_map(|line| &line.rates_bp).flatten().min();
    let least = percent(i64::from(percent_min) * 100);
    let mut series: Vec<Series> = lines
        .iter()
        .map(|line| Series {
            name: line.name.clone(),
            data: line.rates_bp.iter().map(|rate| rate.map(percent)).collect(),
            ..Series::default()
        })
        .collect();
    series[0].mark_lines = vec![MarkLine {
        category: MarkLineCategory::Value(least),
        color: Some(BAD.into()),
        ..MarkLine::default()
    }];
    let mut chart = LineChart::new(series, months);
    dress(&mut chart.base, 250.0);
    chart.base.legend.show = Some(true);
    chart.base.series.colors = LINES.map(Color::from).to_vec();
    // From the ten per cent under the lowest rate, so that what is near the minimum can be told apart.
    let floor = lowest.map_or(0, |lowest| {
        (lowest.min(&(i64::from(percent_min) * 100)) / 1_000 * 1_000).max(0)
    });
    for axis in &mut chart.y_axis_configs {
        axis.min = Some(percent(floor));
        axis.max = Some(percent(10_000));
        axis.split_number = usize::try_from((10_000 - floor) / 1_000).unwrap_or(5).clamp(1, 5);
        axis.font.color = SOFT.into();
    }
    inline(chart.svg())
}

/// Counts as columns; those that are not good enough in another colour.
pub(super) fn columns(steps: &[(String, bool, i64)]) -> Markup {
    let colours = steps
        .iter()
        .map(|(_, good, _)| Some(if *good { GOOD } else { BAD }.into()));
    let series = Series {
        data: steps.iter().map(|(.., count)| Some(number(*count))).collect(),
        colors: Some(colours.collect()),
        label_show: true,
        ..Series::default()
    };
    let mut chart = BarChart::new(
        vec![series],
        steps.iter().map(|(name, ..)| name.clone()).collect(),
    );
    dress(&mut chart.base, 220.0);
    // Room for the tallest bar's figure, which stands above it.
    chart.base.margin.top = 24.0;
    chart.base.y_axis_hidden = true;
    chart.base.grid.stroke_width = 0.0;
    inline(chart.svg())
}

/// Shares as bars, beside what others have.
pub(super) fn bars(bars: &[Bar]) -> Markup {
    // The first is drawn at the bottom.
    let bars: Vec<&Bar> = bars.iter().rev().collect();
    let ours = Series {
        data: bars.iter().map(|bar| Some(percent(bar.value_bp))).collect(),
        label_show: true,
        ..Series::default()
    };
    let theirs = Series {
        data: bars.iter().map(|bar| bar.beside_bp.map(percent)).collect(),
        ..Series::default()
    };
    horizontal(
        vec![ours, theirs],
        bars.iter().map(|bar| bar.name.as_str()).collect(),
        40,
    )
}

/// Counts as bars.
pub(super) fn counts(bars: &[(String, i64)]) -> Markup {
    let bars: Vec<&(String, i64)> = bars.iter().rev().collect();
    let series = Series {
        data: bars.iter().map(|(_, count)| Some(number(*count))).collect(),
        label_show: true,
        ..Series::default()
    };
    horizontal(
        vec![series],
        bars.iter().map(|(name, _)| name.as_str()).collect(),
        28,
    )
}

/// Bars with their figures behind them, so that no axis is needed, each so many pixels high.
///
/// Their names stand in a column of our own: the library takes every character for a narrow one of one font, and would draw
/// Chinese over the bars.
fn horizontal(series: Vec<Series>, names: Vec<&str>, pitch: u16) -> Markup {
    let bars = pitch * names.len() as u16;
    let names: Vec<String> = names.into_iter().map(fitted).collect();
    let column = names.iter().map(|name| width(name)).max().unwrap_or(0) + 2 * MARGIN;
    let mut chart = HorizontalBarChart::new(series, names.clone());
    dress(&mut chart.base, f32::from(bars + 2 * MARGIN));
    chart.base.series.colors = vec![OURS.into(), THEIRS.into()];
    chart.series_label_position = Some(Position::Right);
    chart.base.margin.left = f32::from(column);
    // Room for the longest bar's figure, which stands behind it.
    chart.base.margin.right = 48.0;
    chart.base.x_axis.hidden = true;
    chart.base.y_axis_hidden = true;
    chart.base.grid.stroke_width = 0.0;
    let middle = |place: usize| MARGIN + pitch * place as u16 + pitch / 2;
    // The first is at the bottom.
    let labels = markup! {
        path d={ "M" (column) " " (MARGIN) "v" (bars) } stroke=(GRID) {}
        @for (place, name) in names.iter().rev().enumerate() {
            text x=(column - MARGIN) y=(middle(place)) dy="4" text-anchor="end" fill=(SOFT) { (name) }
        }
    };
    let picture = inline(chart.svg());
    let end = "</svg>";
    PreEscaped(picture.0.replacen(end, &format!("{}{end}", labels.0), 1))
}

/// Pixels that a label takes, at most.
fn width(label: &str) -> u16 {
    let of = |character: char| {
        if character.is_ascii() {
            CHARACTER
        } else {
            2 * CHARACTER
        }
    };
    label.chars().map(of).fold(0, u16::saturating_add)
}

/// A name that leaves room for the bars.
fn fitted(name: &str) -> String {
    let mut name = name.to_owned();
    if width(&name) > NAME_MAX {
        while width(&name) > NAME_MAX - 2 * CHARACTER {
            name.pop();
        }
        name.push('…');
    }
    name
}

fn dress(chart: &mut ChartBase, height: f32) {
    (chart.width, chart.height) = (WIDTH, height);
    chart.background_color = Color::transparent();
    chart.legend.show = Some(false);
    chart.legend.font.color = SOFT.into();
    chart.grid.stroke_color = GRID.into();
    chart.x_axis.font.color = SOFT.into();
    chart.x_axis.stroke_color = GRID.into();
    chart.series.label.font.color = SOFT.into();
    chart.series.label.formatter = "{t}".to_owned();
    chart.compact = true;
}

/// The picture without its name of XML, which HTML does not need; nothing where it cannot be drawn, since the table tells it.
fn inline<E>(svg: Result<String, E>) -> Markup {
    let svg = svg
        .unwrap_or_default()
        .replace(" xmlns=\"http://www.w3.org/2000/svg\"", "");
    markup! { div.chart aria-hidden="true" { (PreEscaped(svg)) } }
}

#[expect(
    clippy::float_arithmetic,
    reason = "a picture's coordinates: nothing is decided by them"
)]
fn percent(basis_points: i64) -> f32 {
    number(basis_points) / 100.0
}

fn number(count: i64) -> f32 {
    count as f32
}
