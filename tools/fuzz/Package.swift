// swift-tools-version: 6.1
import PackageDescription

// The fuzzers, in a package of their own: under libFuzzer every executable of a package loses its `main`. The modules
// under test are linked into Sources and become part of this package, for what they offer has `package` access.
// Built and run by tools/fuzz/run. A new fuzzer is a folder Sources/FuzzNAME with an executable target here, and a
// folder Corpus/FuzzNAME.
//
// `swift build --sanitize=fuzzer` sees to the missing `main`. The address sanitizer comes by the flags here: of two
// sanitizers on the command line Swift code gets only the last.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-sanitize=fuzzer,address"]),
]
let cSettings: [CSetting] = [.unsafeFlags(["-fsanitize=fuzzer-no-link,address"])]

/// `-parse-as-library`: the entry point is libFuzzer's, not ours.
let fuzzer = settings + [.unsafeFlags(["-parse-as-library"])]
let fuzzerLink: [LinkerSetting] = [.unsafeFlags(["-sanitize=fuzzer,address"])]

let package = Package(
    name: "causeway-fuzz",
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .systemLibrary(name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
        .target(name: "CCausewayProto", dependencies: ["CProtobufC"], cSettings: cSettings),
        .target(
            name: "CausewayMessages", dependencies: ["CCausewayProto", "CProtobufC"], swiftSettings: settings),
        .target(
            name: "CausewayCore",
            dependencies: [
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Collections", package: "swift-collections"),
            ],
            swiftSettings: settings),
        .target(
            name: "CausewayWire",
            dependencies: ["CausewayCore", "CausewayMessages", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings),
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .target(name: "CLinux", cSettings: cSettings),
        .target(name: "CScan", cSettings: cSettings),
        .target(
            name: "CausewayStore",
            dependencies: ["CausewayCore", "CausewayMessages", "CLMDB", "CZstd", "CLinux"],
            swiftSettings: settings),
        .target(
            name: "CausewayIngest",
            dependencies: ["CausewayCore", "CausewayStore", "CausewayMessages", "CScan", "CZlib", "CZstd"],
            swiftSettings: settings),

        .executableTarget(
            name: "FuzzFiles", dependencies: ["CausewayCore", "CausewayStore", "CausewayIngest"],
            swiftSettings: fuzzer, linkerSettings: fuzzerLink),
        .executableTarget(
            name: "FuzzJSON", dependencies: ["CausewayCore", "CausewayStore", "CausewayIngest"],
            swiftSettings: fuzzer, linkerSettings: fuzzerLink),
        .executableTarget(
            name: "FuzzMessages", dependencies: ["CausewayMessages"], swiftSettings: fuzzer,
            linkerSettings: fuzzerLink),
        .executableTarget(
            name: "FuzzFrames",
            dependencies: [
                "CausewayCore", "CausewayMessages", "CausewayWire",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: fuzzer, linkerSettings: fuzzerLink),
    ],
    swiftLanguageModes: [.v6]
)
