//! Message diagrams: who sent what to whom, and when.
//!
//! In: lanes, messages with real times. Out: SVG, with time running to the right or down. Refuses
//! to know: which protocol it is.

use super::axis::Axis;
use super::canvas::{Align, Canvas, Level, Size, Theme, paint};
use super::layout::legend;
use super::pen::Pen;
use super::ruler::Ruler;
use super::series::{Series, Shape};

/// Length and half the width of arrow heads in pixels.
const HEAD: f64 = 7.0;
const HALF: f64 = 2.8;

/// Messages between lanes.
#[derive(Clone, Debug)]
pub struct Sequence {
    /// What is seen, in words.
    pub title: String,
    /// Title of the time axis with its unit.
    pub time: String,
    /// The lanes, from the top or from the left.
    pub lanes: Vec<Lane>,
    /// Kinds of messages in the order of the legend; each has the colour of its place.
    pub kinds: Vec<String>,
    /// The messages.
    pub messages: Vec<Message>,
}

/// One lane.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// Its name where there is no room: one or two characters.
    pub short: String,
}

/// One message. Times are in the unit of the time axis.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    /// Index into the kinds.
    pub kind: usize,
    /// Lane that sent it.
    pub from: usize,
    /// Lane that received it.
    pub to: usize,
    /// When it was sent.
    pub sent: f64,
    /// When it was received.
    pub received: f64,
}

/// Which way time runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// To the right, for wide sheets.
    Right,
    /// Down, for narrow ones.
    Down,
}

/// Where things stand on the sheet, in pixels.
struct Frame {
    flow: Flow,
    ruler: Ruler,
    /// Begin and end of the time axis.
    time: (f64, f64),
    /// First and last lane.
    lanes: (f64, f64),
    last: usize,
}

impl Frame {
    fn place(&self, lane: usize, time: f64) -> (f64, f64) {
        let along = self.time.0 + self.ruler.share(time) * (self.time.1 - self.time.0);
        let share = lane as f64 / self.last.max(1) as f64;
        let across = self.lanes.0 + share * (self.lanes.1 - self.lanes.0);
        match self.flow {
            Flow::Right => (along, across),
            Flow::Down => (across, along),
        }
    }
}

impl Sequence {
    /// The diagram for a page.
    pub fn inline(&self, size: Size, flow: Flow) -> String {
        paint(size, Theme::Page, &self.title, |canvas| self.draw(canvas, flow))
    }

    /// The diagram as an SVG file.
    pub fn file(&self, size: Size, flow: Flow) -> String {
        paint(size, Theme::File, &self.title, |canvas| self.draw(canvas, flow))
    }

    fn draw(&self, canvas: &Canvas<'_>, flow: Flow) {
        let kinds: Vec<Series> = self
            .kinds
            .iter()
            .enumerate()
            .map(|(index, kind)| Series::new(kind, Pen::nth(index), Shape::Line(Vec::new())))
            .collect();
        let top = legend(canvas, &kinds);
        let frame = self.frame(canvas, flow, top);
        self.grid(canvas, &frame);
        for message in &self.messages {
            let from = frame.place(message.from, message.sent);
            let to = frame.place(message.to, message.received);
            arrow(canvas, from, to, Pen::nth(message.kind));
        }
    }

    fn frame(&self, canvas: &Canvas<'_>, flow: Flow, top: f64) -> Frame {
        let Size { width, height, .. } = canvas.size();
        let (width, height, em) = (f64::from(width), f64::from(height), canvas.font());
        let times = self.messages.iter().flat_map(|message| [message.sent, message.received]);
        let times = times.filter(|time| time.is_finite());
        let reach = times.fold(None, |reach: Option<(f64, f64)>, time| {
            Some(reach.map_or((time, time), |(low, high)| (low.min(time), high.max(time))))
        });
        let axis = Axis::linear(&self.time);
        let last = self.lanes.len().saturating_sub(1);
        let (time, lanes) = match flow {
            Flow::Right => {
                let names =
                    self.lanes.iter().map(|lane| canvas.room(&lane.name)).fold(0.0, f64::max);
                ((names + em, width - 2.5 * em), (top + em * 1.4, height - em * 3.6))
            }
            Flow::Down => {
                let names = canvas.room("0000.0");
                ((top + em * 4.0, height - em * 1.2), (names + em, width - em * 1.6))
            }
        };
        let steps = ((time.1 - time.0) / (em * 4.0)).clamp(2.0, 12.0) as usize;
        let extent = axis.extent(reach, steps);
        let ticks = axis.fitting(extent, steps + 2, |_| true);
        Frame { flow, ruler: Ruler::new(axis.scale, extent, ticks), time, lanes, last }
    }

    fn grid(&self, canvas: &Canvas<'_>, frame: &Frame) {
        let em = canvas.font();
        let begin = frame.ruler.ticks().first().map_or(0.0, |tick| tick.at);
        let end = frame.ruler.ticks().last().map_or(1.0, |tick| tick.at);
        for tick in frame.ruler.ticks() {
            let ends = [frame.place(0, tick.at), frame.place(frame.last, tick.at)];
            canvas.line(&ends, Pen::Rule, 0.8);
            let (at, align, level) = match frame.flow {
                Flow::Right => ((ends[1].0, ends[1].1 + em * 0.8), Align::Middle, Level::Below),
                Flow::Down => ((ends[0].0 - em * 0.6, ends[0].1), Align::End, Level::Centre),
            };
            canvas.text(at, align, level, Pen::Muted, &tick.label);
        }
        for (index, lane) in self.lanes.iter().enumerate() {
            let start = frame.place(index, begin);
            canvas.line(&[start, frame.place(index, end)], Pen::Muted, 1.0);
            match frame.flow {
                Flow::Right => {
                    canvas.text((2.0, start.1), Align::Start, Level::Centre, Pen::Ink, &lane.name);
                }
                Flow::Down => {
                    let at = (start.0, start.1 - em * 0.5);
                    canvas.text(at, Align::Middle, Level::Above, Pen::Ink, &lane.short);
                }
            }
        }
        let Size { width, height, .. } = canvas.size();
        match frame.flow {
            Flow::Right => {
                let at = (f64::from(width) - em, f64::from(height) - em * 0.4);
                canvas.text(at, Align::End, Level::Above, Pen::Muted, &self.time);
            }
            Flow::Down => {
                let at = (2.0, frame.time.0 - em * 2.0);
                canvas.text(at, Align::Start, Level::Above, Pen::Muted, &self.time);
            }
        }
    }
}

/// A line with a head at its end; a dot if it goes nowhere.
fn arrow(canvas: &Canvas<'_>, from: (f64, f64), to: (f64, f64), pen: Pen) {
    let (x, y) = (to.0 - from.0, to.1 - from.1);
    let length = x.hypot(y);
    if length < 1.0 {
        canvas.dot(to, HALF, pen);
        return;
    }
    let (x, y) = (x / length, y / length);
    let head = HEAD.min(length);
    let neck = (to.0 - x * head, to.1 - y * head);
    canvas.line(&[from, neck], pen, 1.3);
    let wings = [(neck.0 - y * HALF, neck.1 + x * HALF), (neck.0 + y * HALF, neck.1 - x * HALF)];
    canvas.area(&[to, wings[0], wings[1]], pen, 1.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(name: &str) -> Lane {
        Lane { name: name.to_owned(), short: name.to_owned() }
    }

    /// Begin and end of every arrow, without its head, in pixels: the lines of the first kind.
    fn arrows(flow: Flow) -> Vec<[f64; 4]> {
        let message = |from, to, sent, received| Message { kind: 0, from, to, sent, received };
        let sequence = Sequence {
            title: "t".to_owned(),
            time: "ms".to_owned(),
            lanes: vec![lane("a"), lane("b"), lane("c")],
            kinds: vec!["k".to_owned()],
            messages: vec![
                message(0, 2, 0.0, 1.0),
                message(2, 0, 1.0, 4.0),
                message(1, 1, 2.0, 2.0),
            ],
        };
        let svg = sequence.inline(Size::WIDE, flow);
        let colour = format!("stroke=\"{}\"", Pen::nth(0).css());
        let lines =
            svg.split('<').filter(|part| part.starts_with("polyline") && part.contains(&colour));
        let points = lines.skip(1).map(|line| {
            let (_, points) = line.split_once("points=\"").expect("a line has points");
            let numbers = points.split(['"', ' ', ',']).take(4);
            let numbers: Vec<f64> =
                numbers.map(|number| number.parse().expect("a number")).collect();
            [numbers[0], numbers[1], numbers[2], numbers[3]]
        });
        points.collect()
    }

    // The second message begins where and when the first one ends, and takes three times as long; a
    // message to oneself that takes no time is no line.
    #[test]
    fn arrows_run_along_lanes_and_time() {
        let right = arrows(Flow::Right);
        assert_eq!(right.len(), 2);
        assert!(right[0][1] < right[0][3] && right[1][1] > right[1][3], "from a to c and back");
        assert!(right[0][0] < right[1][0] && right[1][0] < right[1][2], "time runs to the right");
        let down = arrows(Flow::Down);
        assert!(down[0][0] < down[0][2] && down[1][0] > down[1][2], "from a to c and back");
        assert!(down[0][1] < down[1][1] && down[1][1] < down[1][3], "time runs down");
        let long = down[1][3] - down[1][1];
        let short = down[1][1] - down[0][1];
        assert!((long / short - 3.0).abs() < 0.1, "{long} is three times {short}");
    }
}
