//! Atari games on ALE: determinism, seeds, saved states, no-ops, hostile input. What they compute is compared with ale-py
//! in `golden_atari.rs`, and with the native console in `vcs.rs`.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    thread,
};

use ale::BundledRom;
use envs::{
    Action, Env, Error, Seed, Step,
    atari::{Atari, AtariConfig, Backend, FrameSkip, ObsType, RomSource},
};

fn config(id: &str) -> AtariConfig {
    AtariConfig { backend: Backend::Ale, ..AtariConfig::from_id(id).unwrap() }
}

fn atari(id: &str) -> Atari {
    Atari::new(&config(id)).unwrap()
}

fn row_of(env: &Atari) -> Vec<u8> {
    vec![0; env.observation_space().size()]
}

/// The checksums of the observations, and the answers, of a run that takes each action for some steps in turn.
fn play(env: &mut Atari, seed: &Seed, steps: usize) -> Vec<(u32, Step)> {
    let mut observation = row_of(env);
    env.reset(Some(seed), &mut observation).unwrap();
    go_on(env, steps)
}

fn go_on(env: &mut Atari, steps: usize) -> Vec<(u32, Step)> {
    let mut observation = row_of(env);
    let actions = env.actions().len();
    let step = |t: usize| {
        let step = env.step(Action::Discrete((t / 7 % actions) as i64), &mut observation).unwrap();
        (crc32fast::hash(&observation), step)
    };
    (0..steps).map(step).collect()
}

fn ram_of(env: &Atari) -> [u8; 128] {
    let mut ram = [0; 128];
    env.game().ram(&mut ram);
    ram
}

#[test]
fn the_same_seed_of_any_size_plays_the_same_game_and_another_seed_another_one() {
    let (mut one, mut other) = (atari("ALE/Pong-v5"), atari("ALE/Pong-v5"));
    let seeds = ["0", "1", "4294967295", "1606938044258990275541962092341162602522202993782792835301377"];
    let mut seen = Vec::new();
    for seed in seeds.map(|seed| seed.parse().unwrap()) {
        let run = play(&mut one, &seed, 150);
        assert_eq!(run, play(&mut other, &seed, 150), "seed {seed}");
        assert!(!seen.contains(&run), "seed {seed} plays another seed's game");
        seen.push(run);
    }
}

#[test]
fn a_saved_state_goes_on_bit_for_bit_in_another_environment() {
    let (mut one, mut other) = (atari("Pong-v0"), atari("Pong-v0"));
    for steps in [0, 1, 90, 400] {
        play(&mut one, &Seed::from(3), steps);
        let mut state = vec![7];
        one.save(&mut state).unwrap();
        state.push(8);
        play(&mut other, &Seed::from(9), 40);

        let mut bytes = &state[1..];
        other.restore(&mut bytes).unwrap();
        assert_eq!(bytes, [8], "restore takes its own bytes only");
        assert_eq!(one.render().unwrap(), other.render().unwrap());
        assert_eq!(ram_of(&one), ram_of(&other));
        assert_eq!(go_on(&mut one, 300), go_on(&mut other, 300));
        assert_eq!(ram_of(&one), ram_of(&other));
        let mut observation = row_of(&one);
        assert_eq!(one.reset(None, &mut observation), other.reset(None, &mut observation));
        assert_eq!(go_on(&mut one, 100), go_on(&mut other, 100), "the generators go on too");
    }
}

#[test]
fn a_damaged_or_foreign_state_is_refused_and_changes_nothing() {
    let (mut env, mut same) = (atari("ALE/Pong-v5"), atari("ALE/Pong-v5"));
    play(&mut env, &Seed::from(1), 50);
    play(&mut same, &Seed::from(1), 50);
    let mut state = vec![];
    env.save(&mut state).unwrap();

    let mut foreign = vec![];
    let mut breakout = atari("ALE/Breakout-v5");
    play(&mut breakout, &Seed::from(1), 5);
    breakout.save(&mut foreign).unwrap();

    let flipped = (0..state.len()).step_by(997).map(|at| {
        let mut bytes = state.clone();
        bytes[at] ^= 16;
        bytes
    });
    let cut = (0..state.len()).step_by(1999).map(|length| state[..length].to_vec());
    for bytes in flipped.chain(cut).chain([foreign, vec![255; 64]]) {
        assert!(matches!(env.restore(&mut bytes.as_slice()), Err(Error::BadState { .. })));
    }
    assert_eq!(go_on(&mut env, 50), go_on(&mut same, 50));
}

#[test]
fn actions_outside_the_set_are_refused_and_change_nothing() {
    let (mut env, mut same) = (atari("ALE/Pong-v5"), atari("ALE/Pong-v5"));
    play(&mut env, &Seed::from(0), 20);
    play(&mut same, &Seed::from(0), 20);
    let mut observation = row_of(&env);
    for action in [-1, 6, 18, 255, 256, i64::MIN, i64::MAX] {
        let refused = env.step(Action::Discrete(action), &mut observation);
        assert!(matches!(refused, Err(Error::InvalidAction { .. })), "{action}");
    }
    assert!(matches!(env.step(Action::Continuous(&[1.0]), &mut observation), Err(Error::InvalidAction { .. })));
    assert_eq!(go_on(&mut env, 50), go_on(&mut same, 50));
}

#[test]
fn pong_by_its_short_name_waits_for_as_many_frames_as_gymnasiums_preprocessing() {
    // AtariPreprocessing(gym.make("PongNoFrameskip-v4"), noop_max=30, frame_skip=4): the info's episode_frame_number after
    // a reset with the seed, and after another without.
    let recorded = [
        ("0", 22, 1),
        ("1", 5, 23),
        ("2", 19, 8),
        ("543", 10, 27),
        ("4294967296", 6, 29),
        ("1606938044258990275541962092341162602522202993782792835301377", 7, 27),
    ];
    let mut env = atari("Pong");
    let mut observation = row_of(&env);
    for (seed, seeded, unseeded) in recorded {
        let seed: Seed = seed.parse().unwrap();
        let mut frames = |seed| env.reset(seed, &mut observation).unwrap().episode_frame_number;
        assert_eq!([frames(Some(&seed)), frames(None)], [Some(seeded), Some(unseeded)], "seed {seed}");
    }
}

#[test]
fn the_frame_limit_truncates_and_nothing_moves_after_it() {
    let mut config = config("Pong-v4");
    config.max_num_frames_per_episode = Some(10);
    config.frame_skip = FrameSkip::Fixed(4);
    let mut env = Atari::new(&config).unwrap();
    let run = play(&mut env, &Seed::from(0), 5);
    let frames: Vec<_> = run.iter().map(|(_, step)| step.info.episode_frame_number.unwrap()).collect();
    assert_eq!(frames, [4, 8, 10, 10, 10]);
    assert_eq!(run.iter().map(|(_, step)| step.truncated).collect::<Vec<_>>(), [false, false, true, true, true]);
    assert!(run.iter().all(|(_, step)| !step.terminated));
    assert_eq!(run[2].0, run[4].0);
}

#[test]
fn every_kind_of_observation_shows_the_same_game() {
    let make = |obs_type| {
        let mut config = config("PongNoFrameskip-v4");
        config.obs_type = obs_type;
        let mut env = Atari::new(&config).unwrap();
        play(&mut env, &Seed::from(0), 100);
        let mut observation = row_of(&env);
        env.step(Action::Discrete(2), &mut observation).unwrap();
        (env, observation)
    };
    let (env, palette) = make(ObsType::Palette);
    let (_, rgb) = make(ObsType::Rgb);
    let (_, grey) = make(ObsType::Grayscale);
    let (_, ram) = make(ObsType::Ram);
    assert_eq!(env.render().unwrap().into_raw(), rgb);
    assert_eq!(ram_of(&env).as_slice(), ram);
    assert!(palette.iter().map(|index| envs::atari::GREY[usize::from(*index)]).eq(grey));
}

#[test]
fn rom_files_are_known_by_their_content_and_nothing_else_reaches_the_emulator() {
    let folder = tempfile::tempdir().unwrap();
    let pong = BundledRom::Pong.data();
    let write = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let load = |path: &Path| Atari::new(&AtariConfig::new(RomSource::File(path.into())));

    let mut renamed = load(&write("any name at all.rom", pong)).unwrap();
    assert_eq!(renamed.game().name(), "pong");
    assert_eq!(play(&mut renamed, &Seed::from(0), 50), play(&mut atari("ALE/Pong-v5"), &Seed::from(0), 50));

    let mut changed = pong.to_vec();
    changed[100] ^= 1;
    let hostile = [
        (folder.path().join("missing.bin"), "cannot be read"),
        (folder.path().to_owned(), "is not a file"),
        (write("empty.bin", &[]), "0 bytes"),
        (write("pong.bin", &pong[..pong.len() - 1]), "2047 bytes"),
        (write("breakout.bin", &changed), "no known game's"),
        (write("text.bin", b"ROM"), "3 bytes"),
        (write("large.bin", &vec![0; 1 << 20]), "1048576 bytes"),
    ];
    for (path, reason) in hostile {
        let error = load(&path).err().unwrap();
        assert!(matches!(error, Error::Rom { .. }));
        let text = error.to_string();
        assert!(text.contains(&path.display().to_string()) && text.contains(reason), "{text}");
    }

    let unbundled = AtariConfig::new(RomSource::Bundled("../pong".into()));
    assert!(matches!(Atari::new(&unbundled), Err(Error::Rom { .. })));
}

proptest::proptest! {
    #[test]
    fn a_rom_with_any_bit_changed_or_any_end_cut_off_is_refused(at in 0..2048usize, bit in 0..8u8, cut: bool) {
        let mut rom = BundledRom::Pong.data().to_vec();
        if cut { rom.truncate(at) } else { rom[at] ^= 1 << bit }
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), rom).unwrap();
        let refused = Atari::new(&AtariConfig::new(RomSource::File(file.path().into())));
        assert!(matches!(refused, Err(Error::Rom { .. })));
    }
}

#[test]
fn options_out_of_range_are_refused() {
    let good = config("Pong-v0");
    let bad = [
        AtariConfig { frame_skip: FrameSkip::Fixed(0), ..good.clone() },
        AtariConfig { frame_skip: FrameSkip::Range(0, 3), ..good.clone() },
        AtariConfig { frame_skip: FrameSkip::Range(3, 3), ..good.clone() },
        AtariConfig { repeat_action_probability: -0.1, ..good.clone() },
        AtariConfig { repeat_action_probability: 1.5, ..good.clone() },
        AtariConfig { repeat_action_probability: f32::NAN, ..good.clone() },
        AtariConfig { max_num_frames_per_episode: Some(0), ..good },
    ];
    for config in bad {
        assert!(matches!(Atari::new(&config), Err(Error::InvalidOption { .. })), "{config:?}");
    }
    for id in ["Pong-v1", "ALE/Pong-v4", "PongFrameskip-v4", "ALE/Nonsense-v5", "pong", ""] {
        assert!(matches!(AtariConfig::from_id(id), Err(Error::UnknownEnv { .. })), "{id}");
    }
}

#[test]
fn environments_can_be_made_and_played_in_many_threads_at_once() {
    make_and_play_in_eight_threads(4);
}

#[test]
#[ignore = "takes minutes"]
fn two_thousand_environments_can_be_made_and_played_in_eight_threads() {
    make_and_play_in_eight_threads(250);
}

fn make_and_play_in_eight_threads(each: usize) {
    let expected = play(&mut atari("Pong-v0"), &Seed::from(5), 60);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..each {
                    assert_eq!(play(&mut atari("Pong-v0"), &Seed::from(5), 60), expected);
                }
            });
        }
    });
}

#[test]
fn nothing_is_printed() {
    let output = run_test_in(Path::new("."), "helper_plays_pong");
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("test helper_plays_pong ... ok"), "{printed}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn files_in_the_working_directory_do_not_change_the_game_or_end_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let pro = "\"Cartridge.MD5\" \"60e0ea3cbe0913d39803477945e9e5ec\"\n\"Display.Height\" \"250\"\n\"\"\n";
    fs::write(folder.path().join("stella.pro"), pro).unwrap();
    fs::write(folder.path().join("stella.pal"), [1; 3 * (128 + 128 + 8)]).unwrap();
    assert!(run_test_in(folder.path(), "helper_plays_pong").status.success());

    fs::write(folder.path().join("ale.cfg"), "display_screen = true\n").unwrap();
    assert!(run_test_in(folder.path(), "helper_is_told_of_ale_cfg").status.success());
}

/// Runs one of the helpers below in a process of its own.
fn run_test_in(folder: &Path, name: &str) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.current_dir(folder).args(["--exact", name, "--ignored", "--nocapture", "--test-threads=1"]);
    command.output().unwrap()
}

#[test]
#[ignore = "run by other tests"]
fn helper_plays_pong() {
    let mut env = atari("ALE/Pong-v5");
    assert_eq!(env.game().screen_size(), (210, 160));
    // The same checksum as the golden file `pong/ALE-Pong-v5` begins with, from ale-py.
    let mut observation = row_of(&env);
    env.reset(Some(&Seed::from(0)), &mut observation).unwrap();
    assert_eq!(crc32fast::hash(&observation), FIRST_FRAME);
    play(&mut env, &Seed::from(0), 10);
    env.render().unwrap();
}

const FIRST_FRAME: u32 = 3_447_781_520;

#[test]
#[ignore = "run by other tests"]
fn helper_is_told_of_ale_cfg() {
    let error = Atari::new(&config("ALE/Pong-v5")).err().unwrap();
    assert!(error.to_string().contains("ale.cfg"), "{error}");
}
