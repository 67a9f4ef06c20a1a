//! Small plots as SVG with presentation attributes: a style attribute would need a weaker
//! content security policy. Each has its figures beside it as text, or as its name.

use maud::{html, Markup};
use tern::words::{grouped, span};
use tern_chains::Histogram;

use super::parts::{nothing, number, table, text, Tone};

/// Packets by hour, as bars of one pixel grid.
pub fn sparkline(counts: &[u32]) -> Markup {
    const HEIGHT: u64 = 18;
    const STEP: usize = 4;
    let most = counts.iter().copied().max().unwrap_or_default();
    let all: u64 = counts.iter().copied().map(u64::from).sum();
    let mut bars = String::new();
    for (hour, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        // At least one pixel for what is not nothing.
        let height = (u64::from(*count) * HEIGHT).div_ceil(u64::from(most.max(1)));
        bars += &format!("M{} {HEIGHT}v-{height}h3v{height}z", hour * STEP);
    }
    let width = counts.len() * STEP;
    html! {
        svg.spark width=(width) height="19" viewBox={ "0 0 " (width) " 19" } role="img"
            aria-label={ (grouped(all)) " packets ended in 24 hours, at most " (grouped(most)) " in one" } {
            path.base d={ "M0 18.5h" (width) } {}
            path.bar d=(bars) {}
        }
    }
}

/// A bar that is filled to a share, from 0 to 1.
pub fn bar(share: f64, tone: Tone, said: &str) -> Markup {
    let share = if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let width = format!("{:.1}%", share * 100.0);
    html! {
        svg.gauge.(tone.class()) width="100%" height="8" role="img" aria-label=(said) {
            rect.base width="100%" height="8" rx="2" {}
            rect.bar width=(width) height="8" rx="2" {}
        }
    }
}

/// How often a step took how long, from the first bucket with a value to the last.
pub fn histogram(caption: &str, histogram: &Histogram, unit: Unit) -> Markup {
    let buckets: Vec<(f64, u64)> = histogram.buckets().collect();
    let has_value = |(_, count): &(f64, u64)| *count > 0;
    let first = buckets.iter().position(has_value);
    let last = buckets.iter().rposition(has_value);
    let Some((first, last)) = first.zip(last) else {
        return nothing("No packet has taken this step since the start.");
    };
    let most = buckets.iter().map(|(_, count)| *count).max().unwrap_or(1);
    let columns = [text("Took up to"), text("Share"), number("Packets")];
    let rows = buckets.get(first..=last).unwrap_or_default().iter();
    let rows = rows.map(|(bound, count)| {
        let share = *count as f64 / most as f64;
        let said = format!("{} packets", grouped(*count));
        vec![
            html! { (unit.bound(*bound)) },
            bar(share, Tone::Quiet, &said),
            html! { (grouped(*count)) },
        ]
    });
    html! {
        div.histogram { (table(caption, &columns, &rows.collect::<Vec<_>>())) }
    }
}

/// What a histogram counts.
#[derive(Clone, Copy, Debug)]
pub enum Unit {
    Seconds,
    Blocks,
}

impl Unit {
    fn bound(self, bound: f64) -> String {
        if !bound.is_finite() {
            return "longer".to_owned();
        }
        match self {
            Self::Seconds => span(bound as u64),
            Self::Blocks if bound == 1.0 => "1 block".to_owned(),
            Self::Blocks => format!("{} blocks", grouped(bound as u64)),
        }
    }

    /// A value between bounds.
    pub fn value(self, value: f64) -> String {
        match self {
            Self::Seconds if value < 10.0 => format!("{value:.1} s"),
            Self::Seconds => span(value as u64),
            Self::Blocks => format!("{value:.1} blocks"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_with_packets_is_never_invisible() {
        let mut counts = vec![0; 24];
        (counts[0], counts[23]) = (1, 10_000);
        let svg = sparkline(&counts).into_string();
        assert!(svg.contains("M0 18v-1h3v1z"), "{svg}");
        assert!(svg.contains("M92 18v-18h3v18z"), "{svg}");
        assert!(svg.contains("10,001 packets ended in 24 hours"), "{svg}");
        assert!(sparkline(&[]).into_string().contains("0 packets ended"));
    }

    #[test]
    fn a_bar_stays_within_its_frame() {
        for (share, width) in [
            (-1.0, "0.0%"),
            (0.5, "50.0%"),
            (7.0, "100.0%"),
            (f64::NAN, "0.0%"),
        ] {
            let svg = bar(share, Tone::Well, "x").into_string();
            assert!(
                svg.contains(&format!("class=\"bar\" width=\"{width}\"")),
                "{svg}"
            );
        }
    }

    #[test]
    fn a_histogram_leaves_out_empty_ends() {
        let mut seconds = Histogram::new(&[1.0, 2.0, 5.0, 10.0, 20.0]);
        assert!(histogram("x", &seconds, Unit::Seconds)
            .into_string()
            .contains("No packet"));
        [1.5, 1.6, 7.0]
            .into_iter()
            .for_each(|value| seconds.observe(value));
        let markup = histogram("Arrival", &seconds, Unit::Seconds).into_string();
        assert_eq!(markup.matches("<tr>").count(), 1 + 3, "{markup}");
        assert!(
            !markup.contains("1 s<") && !markup.contains("20 s"),
            "{markup}"
        );
    }
}
