//! The sun over a place, the clouds in front of it, and what panels make of both.
//!
//! In: latitude, day of the year, minute of the day, cloud cover, a panel. Out: watts, rounded to
//! whole ones. Refuses to know: homes, seeds, civil time - the clock here is local solar time,
//! 12:00 is when the sun is highest.
//!
//! # Formulas
//!
//! - declination: Cooper 1969, 23.45° sin(360° (284 + day) / 365);
//! - position: the hour angle moves 15° an hour; the usual spherical triangle;
//! - air mass: Kasten and Young 1989;
//! - direct beam of a clear sky: Meinel and Meinel 1976, 1353 W/m² x 0.7^(air mass^0.678);
//! - diffuse light of a clear sky: a tenth of the direct beam, evenly from the whole sky (Liu and
//!   Jordan 1963);
//! - clouds: Kasten and Czeplak 1980, 1 - 0.75 cover^3.4, on direct and diffuse light alike (that
//!   last part ours);
//! - panels: 80 % of their rating after heat, wiring and inverter (ours), never above the rating.
//!
//! This is the only file with floating point: `+ - * /` and `libm`, so every machine gets the same
//! bits.
#![allow(
    clippy::float_arithmetic,
    reason = "the sky is not agreed on; only whole watts leave this file"
)]

use crate::power::Power;

/// Share of its rating that a panel delivers at 1000 W/m².
const PERFORMANCE: f64 = 0.80;
/// Light at which panels are rated, W/m².
const RATED_LIGHT: f64 = 1000.0;
const DEGREE: f64 = std::f64::consts::PI / 180.0;

/// Clear-sky light at one place and moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sunlight {
    /// Where the sun stands: east, north and up parts of a unit vector.
    toward: [f64; 3],
    /// Direct beam on a surface that faces the sun, W/m².
    direct: f64,
    /// Diffuse light on level ground, W/m².
    diffuse: f64,
}

impl Sunlight {
    /// The light of a clear sky at `latitude` degrees north, on day `day_of_year` (1..=366),
    /// `minute` minutes after solar midnight. Dark while the sun is below the horizon.
    pub fn clear(latitude: f64, day_of_year: u32, minute: f64) -> Self {
        let declination =
            23.45 * DEGREE * libm::sin(360.0 * DEGREE * (284.0 + f64::from(day_of_year)) / 365.0);
        let hour_angle = 15.0 * DEGREE * (minute / 60.0 - 12.0);
        let (sin_lat, cos_lat) = libm::sincos(latitude * DEGREE);
        let (sin_dec, cos_dec) = libm::sincos(declination);
        let (sin_hour, cos_hour) = libm::sincos(hour_angle);

        let up = sin_lat * sin_dec + cos_lat * cos_dec * cos_hour;
        let north = cos_lat * sin_dec - sin_lat * cos_dec * cos_hour;
        let east = -(cos_dec * sin_hour);
        if up <= 0.0 {
            return Self { toward: [east, north, up], direct: 0.0, diffuse: 0.0 };
        }
        let zenith = libm::acos(up) / DEGREE;
        let air_mass = 1.0 / (up + 0.50572 * libm::pow(96.07995 - zenith, -1.6364));
        let direct = 1353.0 * libm::pow(0.7, libm::pow(air_mass, 0.678));
        Self { toward: [east, north, up], direct, diffuse: 0.1 * direct }
    }

    /// The same, `half_minutes` half minutes after solar midnight, for callers that keep to
    /// integers.
    pub fn at_half_minute(latitude: f64, day_of_year: u32, half_minutes: u32) -> Self {
        Self::clear(latitude, day_of_year, f64::from(half_minutes) / 2.0)
    }

    /// Whether the sun is above the horizon.
    pub fn is_day(&self) -> bool {
        self.toward[2] > 0.0
    }
}

/// Panels on one roof.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Panels {
    /// Where the panels look: east, north and up parts of a unit vector.
    facing: [f64; 3],
    /// Rating, W.
    peak: f64,
}

impl Panels {
    /// Panels of `peak_watts`, tilted `tilt` degrees from level, looking `azimuth` degrees from
    /// north over east (180 is south).
    pub fn new(peak_watts: u32, tilt: u32, azimuth: u32) -> Self {
        let (sin_tilt, cos_tilt) = libm::sincos(f64::from(tilt) * DEGREE);
        let (sin_azimuth, cos_azimuth) = libm::sincos(f64::from(azimuth) * DEGREE);
        let facing = [sin_tilt * sin_azimuth, sin_tilt * cos_azimuth, cos_tilt];
        Self { facing, peak: f64::from(peak_watts) }
    }

    /// What the panels make of `light` under a sky covered to `cover_permille` (0 clear, 1000
    /// overcast; more counts as overcast), in whole watts.
    pub fn output(&self, light: &Sunlight, cover_permille: u32) -> Power {
        if !light.is_day() {
            return Power::ZERO;
        }
        let [east, north, up] = self.facing;
        let incidence = east * light.toward[0] + north * light.toward[1] + up * light.toward[2];
        let sky_seen = (1.0 + up) / 2.0;
        let clear = light.direct * libm::fmax(incidence, 0.0) + light.diffuse * sky_seen;
        let cover = f64::from(cover_permille.min(1000)) / 1000.0;
        let clouded = clear * (1.0 - 0.75 * libm::pow(cover, 3.4));
        let watts = libm::fmin(self.peak * PERFORMANCE * clouded / RATED_LIGHT, self.peak);
        // A panel's output lies in 0..=4e9 W: the cast neither cuts nor meets a NaN.
        Power::from_watts(libm::floor(watts) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MUNICH: f64 = 48.1;
    const MIDSUMMER: u32 = 172;
    const MIDWINTER: u32 = 355;

    fn day_kwh(panels: &Panels, day: u32, cover: u32) -> i64 {
        let nano: i128 = (0..96)
            .map(|q| {
                let light = Sunlight::clear(MUNICH, day, f64::from(q) * 15.0 + 7.5);
                i128::from(panels.output(&light, cover).nanowatts())
            })
            .sum();
        (nano / 4_000_000_000_000) as i64
    }

    // On the solstices the declination is +-23.45°, so at noon the sun stands 90 - 48.1 +- 23.45
    // degrees high: 65.35° and 18.45°, sines 0.9089 and 0.3165.
    #[test]
    fn the_noon_sun_stands_where_geometry_puts_it() {
        let summer = Sunlight::clear(MUNICH, MIDSUMMER, 720.0);
        let winter = Sunlight::clear(MUNICH, MIDWINTER, 720.0);
        assert!((summer.toward[2] - 0.9089).abs() < 0.0005, "{summer:?}");
        assert!((winter.toward[2] - 0.3165).abs() < 0.0005, "{winter:?}");
        assert!(summer.toward[0].abs() < 1e-9 && summer.toward[1] < 0.0, "due south");
    }

    // With the sun in the zenith the air mass is 1/(1 + 0.50572 x 96.07995^-1.6364) = 0.99971, so
    // the direct beam is 1353 x 0.7^0.9998 = 947.2 W/m².
    #[test]
    fn the_beam_from_the_zenith_is_seven_tenths_of_the_solar_constant() {
        // Day 81 has no declination: sin(360° x 365 / 365) = 0.
        let equinox_at_equator = Sunlight::clear(0.0, 81, 720.0);
        assert!((equinox_at_equator.direct - 947.2).abs() < 0.2, "{equinox_at_equator:?}");
    }

    // Morning light comes from the east: there, panels facing east make more than panels facing
    // west, and at the mirrored time of the afternoon the two change places exactly (one watt for
    // rounding).
    #[test]
    fn east_and_west_roofs_mirror_each_other() {
        let (east, west) = (Panels::new(5000, 40, 90), Panels::new(5000, 40, 270));
        let (morning, evening) =
            (Sunlight::clear(MUNICH, MIDSUMMER, 480.0), Sunlight::clear(MUNICH, MIDSUMMER, 960.0));
        assert!(east.output(&morning, 0) > west.output(&morning, 0));
        let apart = east.output(&morning, 0) - west.output(&evening, 0);
        assert!(apart.nanowatts().abs() <= Power::NANO_PER_WATT);
    }

    // A clear midsummer day gives a south roof 6 to 8 kWh per kWp, a clear midwinter day 2 to 4; an
    // overcast sky leaves a quarter of either (1 - 0.75); nights give nothing.
    #[test]
    fn daily_yield_follows_season_and_sky() {
        let roof = Panels::new(10_000, 35, 180);
        let (summer, winter) = (day_kwh(&roof, MIDSUMMER, 0), day_kwh(&roof, MIDWINTER, 0));
        assert!((60..=80).contains(&summer), "{summer} kWh");
        assert!((20..=40).contains(&winter), "{winter} kWh");
        let overcast = day_kwh(&roof, MIDSUMMER, 1000);
        assert!((overcast - summer / 4).abs() <= 1, "{overcast} kWh");
        assert_eq!(roof.output(&Sunlight::clear(MUNICH, MIDSUMMER, 60.0), 0), Power::ZERO);
    }

    // More cloud never means more power, and no sky lifts a panel above its rating.
    #[test]
    fn clouds_only_take_away() {
        let roof = Panels::new(8_000, 30, 200);
        for minute in (0..1440).step_by(45) {
            let light = Sunlight::clear(MUNICH, 120, f64::from(minute));
            let outputs: Vec<Power> =
                (0..=1100).step_by(50).map(|c| roof.output(&light, c)).collect();
            assert!(outputs.windows(2).all(|pair| pair[1] <= pair[0]));
            assert!(outputs[0] <= Power::from_watts(8_000));
        }
    }
}
