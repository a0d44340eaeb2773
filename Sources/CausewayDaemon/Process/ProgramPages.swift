import CLinux

/// The pages of the program that are in memory.
package enum ProgramPages {
    /// Lets go of the pages that the start has touched: links between libraries, descriptions of types, code that runs
    /// once. They are most of what an idle daemon would hold; the few that are needed again cost a page fault each.
    package static func release() { clinux_release_program_pages() }
}
