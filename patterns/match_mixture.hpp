// Several motifs in one pattern: x = sum over k of a_k t_k(phi_k) + speckle, a_k >= 0, with as few
// templates as the evidence pays for. Orthogonal matching pursuit (Pati, Rezaiifar and
// Krishnaprasad, Proc. 27th Asilomar Conf. (1993) 40) in the metric C^-1 of the motif-free speckle,
// amplitudes by non-negative least squares, every template sought again given the others.
#pragma once
#include <vector>

#include "patterns/match_likelihood.hpp"

namespace vitrobeam {

struct MixtureComponent {
  int view = -1, entry = -1;  // of the likelihood; template of the library
  double in_plane_angle = 0;  // radian
  // 1: the motif of the library on the library's mean background; one sigma from the speckle alone.
  double amplitude = 0, amplitude_error = 0;
  double gain = 0;  // log likelihood that it adds to the components before it
  double p = 1;     // share of motif-free patterns in which one template gains as much
};

class MixtureSearch {
 public:
  // Patterns `motif_free` must not have trained the background. Both others outlive this.
  // `templates`: the library's patterns on the grid of the background.
  MixtureSearch(const Background& background, const MotifLikelihood& likelihood,
                std::vector<PlaneF> templates, const std::vector<const Harmonics*>& motif_free,
                int threads);

  // In the order in which they were found; the sum of the amplitudes is not bound.
  std::vector<MixtureComponent> operator()(const Harmonics& x, int most) const;

 private:
  struct Candidate {
    std::size_t view = 0, point = 0;
    int angle = 0;
    double gain = 0;
  };
  struct Chosen {
    Candidate at;
    double phi = 0;     // in-plane angle, between those of the likelihood
    PlaneF polar;       // the template, turned by it
    Harmonics pattern;  // the same as the likelihood has it
    // <C^-1 t(phi), pattern> of every template: [view], [angle, point of the net]
    std::vector<Eigen::ArrayXXf> overlap;
  };
  Candidate best(const Harmonics& residual, const std::vector<const Chosen*>& others) const;
  Chosen chosen(const Candidate& candidate) const;
  // Amplitudes, starting from these, and in-plane angles, between neighbouring angles of the
  // likelihood, that fit best.
  Eigen::VectorXd fit(std::vector<Chosen>& set, const Harmonics& x, Eigen::VectorXd amplitude,
                      Eigen::VectorXd* error) const;
  const PlaneF& polar_template(const Candidate& c) const;
  // Contrast of the sum on the mean background.
  Harmonics sum(const std::vector<Chosen>& set, const Eigen::VectorXd& amplitude) const;

  const Background& background_;
  const MotifLikelihood& likelihood_;
  std::vector<PlaneF> templates_;
  std::vector<double> null_gain_;  // ascending
};

}  // namespace vitrobeam
