package dev.healthcode.demo.ui

/** The names of the string resources in `strings.xml`, as [Texts] takes them. */
object T {
    const val LANGUAGE = "language"
    const val PATTERN_DAY = "pattern_day"
    const val PATTERN_TIME = "pattern_time"
    const val PATTERN_INSTANT = "pattern_instant"

    const val APP_NAME = "app_name"
    const val BACK = "back"
    const val CANCEL = "cancel"
    const val CLOSE = "close"
    const val OK = "ok"
    const val DELETE = "delete"

    const val NAV_HOME = "nav_home"
    const val NAV_SCAN = "nav_scan"
    const val NAV_EXPOSURE = "nav_exposure"
    const val NAV_SETTINGS = "nav_settings"

    const val OPENING = "opening"
    const val OPENING_FAILED = "opening_failed"
    const val REMEDY_RETRY = "remedy_retry"
    const val REMEDY_NETWORK = "remedy_network"
    const val REMEDY_SYNC = "remedy_sync"
    const val REMEDY_DECLARE = "remedy_declare"
    const val REMEDY_SCAN = "remedy_scan"
    const val REMEDY_REGISTER = "remedy_register"
    const val REMEDY_ERASE = "remedy_erase"
    const val REMEDY_WAIT = "remedy_wait"
    const val ERASE_FILE_ASK = "erase_file_ask"
    const val ERASE_FILE_YES = "erase_file_yes"
}
