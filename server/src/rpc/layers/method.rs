//! Which methods there are, as the descriptors of the protos tell.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost::Message as _;
use prost_types::FileDescriptorSet;

/// The package whose methods need a grant: all of ours.
const PACKAGE: &str = "tenantry.v1";

/// What is to be known of a method before it is called.
#[derive(Debug)]
pub(super) struct Method {
    /// As in `/tenantry.v1.QueryService/Execute`.
    pub(super) path: String,
    /// It takes or gives more than one message.
    pub(super) streams: bool,
    /// It is for holders of a token only.
    pub(super) needs_grant: bool,
}

static METHODS: LazyLock<HashMap<String, Method>> = LazyLock::new(|| {
    let sets = [
        tenantry_client::FILE_DESCRIPTOR_SET,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    sets.into_iter().flat_map(methods).map(|method| (method.path.clone(), method)).collect()
});

/// The method that a path names.
pub(super) fn find(path: &str) -> Option<&'static Method> {
    METHODS.get(path)
}

fn methods(descriptors: &[u8]) -> Vec<Method> {
    let descriptors = FileDescriptorSet::decode(descriptors).expect("generated with the code");
    let mut methods = Vec::new();
    for file in &descriptors.file {
        for service in &file.service {
            methods.extend(service.method.iter().map(|method| Method {
                path: format!("/{}.{}/{}", file.package(), service.name(), method.name()),
                streams: method.client_streaming() || method.server_streaming(),
                needs_grant: file.package() == PACKAGE,
            }));
        }
    }
    methods
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_streams_and_what_is_open() {
        fn known(path: &str) -> Option<(bool, bool)> {
            find(path).map(|method| (method.streams, method.needs_grant))
        }
        assert_eq!(known("/tenantry.v1.QueryService/Execute"), Some((false, true)));
        assert_eq!(known("/tenantry.v1.QueryService/Query"), Some((true, true)));
        assert_eq!(known("/tenantry.v1.DatabasesService/ImportDatabase"), Some((true, true)));
        assert_eq!(known("/grpc.health.v1.Health/Check"), Some((false, false)));
        assert_eq!(known("/grpc.health.v1.Health/Watch"), Some((true, false)));
        for version in ["v1", "v1alpha"] {
            let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
            assert_eq!(known(&path), Some((true, false)));
        }
        assert_eq!(known("/tenantry.v1.QueryService/Nothing"), None);
        assert_eq!(known("/"), None);
    }
}
