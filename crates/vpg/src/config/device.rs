//! Where libtorch computes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use tch::{Cuda, Device};

use crate::{
    config::{Config, InvalidValue},
    nn::policy::NetworkKind,
};

/// Where libtorch computes: `auto`, `cpu` or `cuda:N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceName {
    /// The first CUDA device for convolutions where there is one; the CPU otherwise, which small linear layers are
    /// faster on.
    Auto,
    /// The CPU.
    Cpu,
    /// This CUDA device.
    Cuda(usize),
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

impl From<DeviceName> for String {
    fn from(device: DeviceName) -> Self {
        device.to_string()
    }
}

impl TryFrom<String> for DeviceName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

impl FromStr for DeviceName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match (name, name.strip_prefix("cuda:").map(str::parse)) {
            ("auto", _) => Ok(Self::Auto),
            ("cpu", _) => Ok(Self::Cpu),
            ("cuda", _) => Ok(Self::Cuda(0)),
            (_, Some(Ok(index))) => Ok(Self::Cuda(index)),
            _ => Err("expected auto, cpu or cuda:N".into()),
        }
    }
}

impl Config {
    /// The device of libtorch.
    pub fn torch_device(&self) -> Device {
        match self.network.device {
            DeviceName::Auto if self.network.kind == NetworkKind::Cnn => Device::cuda_if_available(),
            DeviceName::Auto | DeviceName::Cpu => Device::Cpu,
            DeviceName::Cuda(index) => Device::Cuda(index),
        }
    }

    /// The device by its name, `auto` decided.
    pub fn device_name(&self) -> DeviceName {
        match self.torch_device() {
            Device::Cuda(index) => DeviceName::Cuda(index),
            _ => DeviceName::Cpu,
        }
    }

    /// Refuses a CUDA device that is not there.
    ///
    /// # Errors
    /// `InvalidValue` where `device` names a CUDA device that libtorch does not see.
    pub fn check_device(&self) -> Result<(), InvalidValue> {
        let DeviceName::Cuda(index) = self.network.device else { return Ok(()) };
        let expected = match Cuda::device_count() {
            devices if (index as i64) < devices => return Ok(()),
            0 => {
                "cpu, as with --device cpu: this libtorch sees no CUDA device (docs/install.md tells how to build with CUDA)"
            }
            _ => "a CUDA device that is there (`vpg doctor` counts them)",
        };
        Err(InvalidValue::new("device", self.network.device, expected))
    }
}
