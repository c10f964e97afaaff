// The library's log lines in the device's own log. An own app may take this file with what it imports.

#if canImport(os)
  import HealthcodeNative
  import os

  /// The unified log as the place for log lines: a warning is kept as an error, the rest as information.
  public final class LoggerSink: LogSink {
    private let logger: Logger

    /// Lines under this subsystem, which is the app's bundle identifier by custom, and this category.
    public init(subsystem: String, category: String = "healthcode") {
      logger = Logger(subsystem: subsystem, category: category)
    }

    /// Takes one line. It is public in the log: the library's lines hold no personal data and no keys.
    public func log(level: LogLevel, line: String) {
      logger.log(level: level == .warning ? .error : .info, "\(line, privacy: .public)")
    }
  }
#endif
