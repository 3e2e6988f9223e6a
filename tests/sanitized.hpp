// Cases that only repeat, with better statistics, what others run are skipped under sanitizers:
//   TEST_CASE("..." * doctest::skip(kSanitized))
#pragma once

namespace vitrobeam {

#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace vitrobeam
