import CLinux
import Glibc

/// What a process that holds secrets does first.
package enum Hardening {
    /// No image of the memory on disk, no debugger of the same user, and files that are ours alone.
    ///
    /// - Returns: what could not be done, for the log.
    package static func apply() -> [String] {
        var failures: [String] = []
        umask(0o077)
        if clinux_forbid_core_dumps() != 0 { failures.append("core images and debuggers could not be forbidden") }
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        if setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) != 0 {
            failures.append("the limit of core images could not be set")
        }
        return failures
    }
}
