//! The ROMs of known games: those the crate `ale` carries, and files, which are known by their checksum.

use std::{
    borrow::Cow,
    fs,
    path::{Path, PathBuf},
};

#[cfg(feature = "ale")]
use ::ale::BundledRom;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::games;
use crate::Error;

/// No known ROM is larger; a larger file is not read.
const MAX_BYTES: u64 = 64 * 1024;

/// Where a game comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RomSource {
    /// The game of this name, such as `pong` or `space_invaders`: ale-py's ROM of it, where a folder of ROMs has the file
    /// `<name>.bin` with the known checksum, else the one that the crate `ale` carries (cargo feature `ale`). The folders are
    /// the one that the environment variable `ATARI_ROMS` names when the program runs, or else named when this was built (in
    /// this checkout, `make setup` fills it), and ale-py's own in the Python environment that `VIRTUAL_ENV` names.
    Bundled(String),
    /// A file, which may have any name: the game is known by the content.
    File(PathBuf),
}

/// A ROM whose content is known: nothing else is ever given to ALE, which ends the process where it cannot go on.
#[derive(Clone, Debug)]
pub(super) struct Rom {
    /// ALE's name of the game, by which it picks rewards and ends.
    pub(super) game: &'static str,
    /// The MD5 checksum of the content in lower-case hexadecimal digits.
    pub(super) md5: String,
    pub(super) bytes: Cow<'static, [u8]>,
}

/// A bundled ROM, as [`bundled_roms`] lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RomInfo {
    /// The game's name, such as `space_invaders`.
    pub game: &'static str,
    /// The size in bytes.
    pub size: usize,
    /// The MD5 checksum of the content in lower-case hexadecimal digits.
    pub md5: String,
    /// Whether the checksum is one that is known for this game.
    pub known: bool,
    /// Whether it is the very ROM that ale-py 0.12 carries for this game: where it is not, another revision or another
    /// television standard of the game is played, and no comparison with Gymnasium holds.
    pub same_as_ale_py: bool,
}

impl RomSource {
    /// The ROM's bytes.
    ///
    /// # Errors
    /// [`Error::Rom`] where the ROM is missing, unreadable or not known.
    pub fn read(&self) -> Result<Vec<u8>, Error> {
        Ok(Rom::open(self)?.bytes.into_owned())
    }
}

/// The ROMs that come with the crate `ale` and run, in alphabetical order; none without the cargo feature `ale`.
///
/// ```
/// # #[cfg(feature = "ale")] {
/// let roms = envs::atari::bundled_roms();
/// assert_eq!(roms.len(), 61);
/// assert!(roms.iter().all(|rom| rom.known));
/// # }
/// ```
pub fn bundled_roms() -> Vec<RomInfo> {
    let info = |game: &'static KnownGame| {
        let rom = Rom::of(game)?;
        Some(RomInfo {
            game: game.name,
            size: rom.bytes.len(),
            known: game.md5s.contains(&rom.md5.as_str()),
            same_as_ale_py: game.ale_py_md5() == rom.md5,
            md5: rom.md5,
        })
    };
    GAMES.iter().filter_map(info).collect()
}

/// The names of all games that either backend knows.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let others = games::all().map(|rules| rules.name).filter(|name| !is_ales(name));
    GAMES.iter().map(|game| game.name).chain(others)
}

/// Whether ALE 0.6 knows the game of this name: it ends the process on any other.
pub(super) fn is_ales(name: &str) -> bool {
    GAMES.iter().any(|game| game.name == name)
}

/// The game whose ROM has this checksum.
fn name_of(md5: &str) -> Option<&'static str> {
    let native = games::all().find(|rules| rules.md5 == md5).map(|rules| rules.name);
    native.or_else(|| GAMES.iter().find(|game| game.md5s.contains(&md5)).map(|game| game.name))
}

/// Where ROM files may be.
fn folders() -> Vec<PathBuf> {
    let named = std::env::var_os("ATARI_ROMS").map(PathBuf::from);
    let built_with = option_env!("ATARI_ROMS").map(PathBuf::from);
    let python = std::env::var_os("VIRTUAL_ENV").map(|folder| PathBuf::from(folder).join("lib"));
    let versions = python.and_then(|lib| fs::read_dir(lib).ok()).into_iter().flatten().flatten();
    let installed = versions.map(|version| version.path().join("site-packages/ale_py/roms"));
    named.or(built_with).into_iter().chain(installed).collect()
}

/// The names of the games whose ROM comes with the crate `ale`.
pub(super) fn bundled_games() -> impl Iterator<Item = &'static str> {
    GAMES.iter().filter(|game| game.bundled.is_some()).map(|game| game.name)
}

impl Rom {
    /// Reads and checks a ROM.
    pub(super) fn open(source: &RomSource) -> Result<Self, Error> {
        match source {
            RomSource::Bundled(name) => Self::bundled(name),
            RomSource::File(path) => Self::read(path),
        }
    }

    /// ale-py's ROM from a folder, or the one in the crate `ale`.
    fn bundled(name: &str) -> Result<Self, Error> {
        let rules = games::named(name);
        let game = GAMES.iter().find(|game| game.name == name);
        let wanted = rules.map(|rules| rules.md5).or(game.map(KnownGame::ale_py_md5));
        let files = folders().into_iter().map(|folder| folder.join(format!("{name}.bin")));
        let in_folder = files.filter_map(|path| Self::read(&path).ok()).find(|rom| Some(rom.md5.as_str()) == wanted);
        in_folder.or_else(|| game.and_then(Self::of)).ok_or_else(|| {
            let reason = match wanted {
                Some(md5) => format!(
                    "no folder of ROMs has {name}.bin with the MD5 checksum {md5}: run `make setup`, let ATARI_ROMS name a \
                     folder with it, or name a ROM file (docs/atari.md)"
                ),
                None => format!("no game has this name: expected one of {}", names().collect::<Vec<_>>().join(", ")),
            };
            Error::Rom { rom: name.into(), reason }
        })
    }

    fn of(game: &'static KnownGame) -> Option<Self> {
        let bytes = game.bundled.as_ref()?.data();
        Some(Self { game: game.name, md5: md5_of(bytes), bytes: bytes.into() })
    }

    fn read(path: &Path) -> Result<Self, Error> {
        let error = |reason: String| Error::Rom { rom: path.display().to_string(), reason };
        let unreadable = |cause: std::io::Error| error(format!("cannot be read: {cause}"));
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(error("is not a file: expected the path of a ROM file".into()));
        }
        if metadata.len() > MAX_BYTES {
            return Err(error(format!(
                "has {} bytes: expected an Atari 2600 ROM of at most {MAX_BYTES} bytes",
                metadata.len()
            )));
        }
        let bytes = fs::read(path).map_err(unreadable)?;
        let md5 = md5_of(&bytes);
        let Some(game) = name_of(&md5) else {
            return Err(error(format!(
                "{} bytes with the MD5 checksum {md5} are no known game's: expected an unchanged ROM of a known game \
                 (docs/atari.md lists them)",
                bytes.len()
            )));
        };
        Ok(Self { game, md5, bytes: bytes.into() })
    }
}

fn md5_of(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The ROM in the crate `ale`, where that is built.
#[cfg(feature = "ale")]
macro_rules! carried {
    ($name:ident) => {
        Some(BundledRom::$name)
    };
}

#[cfg(not(feature = "ale"))]
macro_rules! carried {
    ($name:ident) => {
        None
    };
}

/// Nothing is carried without the crate `ale`.
#[cfg(not(feature = "ale"))]
enum BundledRom {}

#[cfg(not(feature = "ale"))]
impl BundledRom {
    fn data(&self) -> &'static [u8] {
        match *self {}
    }
}

struct KnownGame {
    name: &'static str,
    bundled: Option<BundledRom>,
    md5s: &'static [&'static str],
}

impl KnownGame {
    /// The checksum of ale-py's ROM comes last in the table, but for road_runner's second one.
    fn ale_py_md5(&self) -> &'static str {
        self.md5s.get(1).or(self.md5s.first()).copied().unwrap_or_default()
    }
}

const fn game(name: &'static str, bundled: Option<BundledRom>, md5s: &'static [&'static str]) -> KnownGame {
    KnownGame { name, bundled, md5s }
}

/// Every game that ALE 0.6 knows, the ROM in the crate `ale` if there is one, and the checksums: the bundled ROM's first,
/// then that of ale-py 0.12, then that of ALE 0.6's list, where they differ.
static GAMES: [KnownGame; 76] = [
    game("adventure", carried!(Adventure), &["4b27f5397c442d25f0c418ccdacf1926"]),
    game("air_raid", carried!(AirRaid), &["35be55426c1fec32dfb503b4f0651572"]),
    game("alien", carried!(Alien), &["f1a0a23e6464d954e3a9579c4ccd01c8"]),
    game("amidar", carried!(Amidar), &["056f5d886a4e7e6fdd83650554997d0d", "acb7750b4d0c4bd34969802a7deb2990"]),
    game("assault", carried!(Assault), &["c31a17942d162b80962cb1f7571cd1d5", "de78b3a064d374390ac0710f95edde92"]),
    game("asterix", carried!(Asterix), &["89a68746eff7f266bbf08de2483abe55"]),
    game("asteroids", carried!(Asteroids), &["ccbd36746ed4525821a8083b0d6d2c2c"]),
    game("atlantis", carried!(Atlantis), &["0b33252b680b65001e91a411e56e72e9", "9ad36e699ef6f45d9eb6c4cf90475c9f"]),
    game("bank_heist", carried!(BankHeist), &["83b8c01c72306d60dd9b753332ebd276", "00ce0bdd43aed84a983bef38fe7f5ee3"]),
    game(
        "battle_zone",
        carried!(BattleZone),
        &["e434c0e161dd3c3fb435eb6bad2e182c", "41f252a66c6301f1e8ab3612c19bc5d4"],
    ),
    game("beam_rider", carried!(BeamRider), &["79ab4123a83dc11d468fb2108ea09e2e"]),
    game("berzerk", carried!(Berzerk), &["fac28963307b6e85082ccd77c88325e7", "136f75c4dd02c29283752b7e5799f978"]),
    game("bowling", carried!(Bowling), &["c9b7afad3bfd922e006a6bfc1d4f3fe7"]),
    game("boxing", carried!(Boxing), &["c3ef5c4653212088eda54dc91d787870"]),
    game("breakout", carried!(Breakout), &["f34f08e5eb96e500e851a80be3277a56"]),
    game("carnival", carried!(Carnival), &["de29e46dbea003c3c09c892d668b9413", "028024fb8e5e5f18ea586652f9799c96"]),
    game("centipede", carried!(Centipede), &["17d000a2882f9fdaa8b4a391ad367f00", "91c2098e88a6b13f977af8c003e0bca5"]),
    game("chopper_command", carried!(ChopperCommand), &["c1cb228470a87beb5f36e90ac745da26"]),
    game("crazy_climber", carried!(CrazyClimber), &["55ef7b65066428367844342ed59f956c"]),
    // ALE 0.6 never returns from loading the ROM that the crate carries.
    game("defender", None, &["0f643c34e40e3f1daafd9c524d3ffe64"]),
    game(
        "demon_attack",
        carried!(DemonAttack),
        &["b24f6a5820a4b7763a3d547e3e07441d", "f0e0addc07971561ab80d9abe1b8d333"],
    ),
    game("donkey_kong", None, &["36b20c427975760cb9cf4a47e41369e4"]),
    game(
        "double_dunk",
        carried!(DoubleDunk),
        &["cfc226d04d7490b69e155abd7741e98c", "368d88a6c071caba60b4f778615aae94"],
    ),
    game("elevator_action", carried!(ElevatorAction), &["71f8bacfbdca019113f3f0801849057e"]),
    game("enduro", carried!(Enduro), &["94b92a882f6dbaa6993a46e2dcc58402"]),
    game("fishing_derby", carried!(FishingDerby), &["b8865f05676e64f3bec72b9defdacfa7"]),
    game("freeway", carried!(Freeway), &["8e0ab801b1705a740b476b7f588c6d16"]),
    game("frogger", None, &["081e2c114c9c20b61acf25fc95c71bf4"]),
    game("frostbite", carried!(Frostbite), &["4ca73eb959299471788f0b685c3ba0b5"]),
    game("galaxian", None, &["211774f4c5739042618be8ff67351177"]),
    game("gopher", carried!(Gopher), &["8f90590dba143d783df5a6cff2000e4d", "c16c79aad6272baffb8aae9a7fff0864"]),
    game("gravitar", carried!(Gravitar), &["4767356fa0ed3ebe21437b4473d4ee28", "8ac18076d01a6b63acf6e2cab4968940"]),
    game("hero", carried!(Hero), &["fca4a5be1251927027f2c24774a02160"]),
    game("ice_hockey", carried!(IceHockey), &["47711c44723da5d67047990157dcb5dd", "a4c08c4994eb9d24fb78be1793e82e26"]),
    game("jamesbond", carried!(JamesBond), &["e51030251e440cffaab1ac63438b44ae"]),
    game("journey_escape", carried!(JourneyEscape), &["718ae62c70af4e5fd8e932fee216948a"]),
    game("kaboom", carried!(Kaboom), &["dbdaf82f4f0c415a94d1030271a9ef44", "5428cdfada281c569c74c7308c7f2c26"]),
    game("kangaroo", carried!(Kangaroo), &["4326edb70ff20d0ee5ba58fa5cb09d60"]),
    game("keystone_kapers", None, &["6c1f3f2e359dbf55df462ccbcdd2f6bf"]),
    game("king_kong", None, &["0dd4c69b5f9a7ae96a7a08329496779a"]),
    game("koolaid", None, &["534e23210dd1993c828d944c6ac4d9fb"]),
    game("krull", carried!(Krull), &["cc724ebe74a109e39c0b2784ddc980ca", "4baada22435320d185c95b7dd2bcdb24"]),
    game(
        "kung_fu_master",
        carried!(KungFuMaster),
        &["0b4e793c9425175498f5a65a3e960086", "5b92a93b23523ff16e2789b820e2a4c5"],
    ),
    game("laser_gates", None, &["8e4cd60d93fcde8065c1a2b972a26377"]),
    game("lost_luggage", None, &["2d76c5d1aad506442b9e9fb67765e051"]),
    game("montezuma_revenge", carried!(MontezumaRevenge), &["3347a6dd59049b15a38394aa2dafa585"]),
    game("mr_do", None, &["aa7bb54d2c189a31bb1fa20099e42859"]),
    game("ms_pacman", carried!(MsPacman), &["9469d18238345d87768e8965f9f4a6b2", "87e79cd41ce136fd4f72cc6e2c161bee"]),
    game(
        "name_this_game",
        carried!(NameThisGame),
        &["f98d2276d4a25b286135566255aea9d0", "36306070f0c90a72461551a7a4f3a209"],
    ),
    game("phoenix", carried!(Phoenix), &["7e52a95074a66640fcfde124fffd491a"]),
    game("pitfall", carried!(Pitfall), &["f73d2d0eff548e8fc66996f27acf2b4b", "3e90cf23106f2e08b2781e41299de556"]),
    game("pong", carried!(Pong), &["60e0ea3cbe0913d39803477945e9e5ec"]),
    game("pooyan", carried!(Pooyan), &["668dc528b7ea9345140f4fcfbecf7066", "4799a40b6e889370b7ee55c17ba65141"]),
    game("private_eye", carried!(PrivateEye), &["ef3a4f64b6494ba770862768caf04b86"]),
    game("qbert", carried!(QBert), &["484b0076816a104875e00467d431c2d2"]),
    game("riverraid", carried!(RiverRaid), &["da5096000db5fdaa8d02db57d9367998", "393948436d1f4cc3192410bb918f9724"]),
    game(
        "road_runner",
        carried!(RoadRunner),
        &["7d3cdde63b16fa637c4484e716839c94", "ce5cc62608be2cd3ed8abd844efb8919", "2bd00beefdb424fa39931a75e890695d"],
    ),
    game("robotank", carried!(RoboTank), &["4f618c2429138e0280969193ed6c107e"]),
    game("seaquest", carried!(Seaquest), &["240bfbac5163af4df5ae713985386f92"]),
    game("sir_lancelot", None, &["dd0cbe5351551a538414fb9e37fc56e8"]),
    game("skiing", carried!(Skiing), &["367411b78119299234772c08df10e134", "b76fbadc8ffb1f83e2ca08b6fb4d6c9f"]),
    game("solaris", None, &["e72eb8d4410152bdcb69e7fba327b420"]),
    game(
        "space_invaders",
        carried!(SpaceInvaders),
        &["61dbe94f110f30ca4ec524ae5ce2d026", "72ffbef6504b75e69ee1045af9075f66"],
    ),
    game("star_gunner", carried!(StarGunner), &["a3c1c70024d7aabb41381adbfb6d3b25"]),
    game("tennis", carried!(Tennis), &["a5c96b046d5f8b7c96daaa12f925bef8", "42cdd6a9e42a3639e190722b8ea3fc51"]),
    game("tetris", None, &["b0e1ee07fbc73493eac5651a52f90f00"]),
    game("time_pilot", carried!(TimePilot), &["fc2104dd2dadf9a6176c1c1c8f87ced9"]),
    game("trondead", None, &["fb27afe896e7c928089307b32e5642ee"]),
    game("turmoil", None, &["7a5463545dfb2dcfdafa6074b2f2c15e"]),
    game("tutankham", carried!(Tutankham), &["66c2380c71709efa7b166621e5bb4558", "085322bae40d904f53bdcc56df0593fc"]),
    game("up_n_down", carried!(UpNDown), &["a499d720e7ee35c62424de882a3351b6"]),
    game("venture", carried!(Venture), &["c63a98ca404aa5ee9fcff1de488c3f43", "3e899eba0ca8cd2972da1ae5479b4f0d"]),
    game(
        "video_pinball",
        carried!(VideoPinball),
        &["a2424c1a0c783d7585d701b1c71b5fdc", "107cc025334211e6d29da0b6be46aec7"],
    ),
    game(
        "wizard_of_wor",
        carried!(WizardOfWor),
        &["663ef22eb399504d5204c543b8a86bcd", "7e8aa18bc9502eb57daaf5e7c1e94da7"],
    ),
    game(
        "yars_revenge",
        carried!(YarsRevenge),
        &["ee8027d554d14c8d0b86f94737d2fdcc", "c5930d0e8cdae3e037349bfa08e871be"],
    ),
    game("zaxxon", carried!(Zaxxon), &["eea0da9b987d661264cce69a7c13c3bd"]),
];
