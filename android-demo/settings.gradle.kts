// The demo app for Android Studio. Never run where the project's tests run: Android's tools are not on Maven Central, so
// tests/steps/android.sh and android-full.sh compile and run the same sources without Gradle.

pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}

dependencyResolutionManagement {
    repositoriesMode = RepositoriesMode.FAIL_ON_PROJECT_REPOS
    repositories {
        google()
        mavenCentral()
    }
}

rootProject.name = "android-demo"
include(":app")

// The Kotlin package from beside this folder, in the place of dev.healthcode:healthcode.
includeBuild("../bindings/kotlin")
