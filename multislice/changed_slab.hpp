// One slab, computed once, and any number of small changes of it (atoms added, atoms taken away),
// each seen at the same probe positions: what a library of motifs in one matrix is made of. The
// potential is linear in the atoms, so a change costs its own atoms only: the slab's exp(i sigma v)
// is kept before the band limit and multiplied by exp(i sigma (v_added - v_removed)), in the slices
// that the change touches. The waves in front of the first such slice are kept too. The same
// numbers as a simulation of the changed atoms, to rounding.
#pragma once
#include <complex>
#include <memory>
#include <vector>

#include "multislice/simulation.hpp"

namespace vitrobeam {

template <typename Real>
class ChangedSlab {
 public:
  // `new_elements`: of all atoms that changes may add. Of the settings, the recording's q_max and
  // every_slices count; patterns are recorded. Cell and atoms as Simulation wants them.
  ChangedSlab(const Atoms& slab, const SimulationSettings& settings,
              const std::vector<int>& new_elements, const std::vector<Vector2d>& positions);
  ~ChangedSlab();

  // What one thread needs; not shared.
  struct Scratch;
  struct DeleteScratch {
    void operator()(Scratch* s) const;
  };
  using ScratchPointer = std::unique_ptr<Scratch, DeleteScratch>;
  ScratchPointer make_scratch() const;

  std::size_t positions() const;
  std::vector<int> depths() const;  // slices above each recorded depth; the last is the exit
  std::vector<double> q_x() const;
  std::vector<double> q_y() const;

  // Patterns [depth][q_y, q_x] of every position, position by position. `added` are in the frame of
  // the slab (they may lie outside across the beam: the cell repeats; along it they must be
  // inside), `removed` are indices of its atoms. Any thread, with its own scratch. Throws
  // Error{physics} for an atom above or below the slab.
  std::vector<Plane<Real>> operator()(const Atoms& added, const std::vector<std::size_t>& removed,
                                      Scratch& scratch) const;
  // The same of one position.
  std::vector<Plane<Real>> at(std::size_t position, const Atoms& added,
                              const std::vector<std::size_t>& removed, Scratch& scratch) const;

 private:
  std::vector<Plane<Real>> patterns(std::size_t first, std::size_t last, const Atoms& added,
                                    const std::vector<std::size_t>& removed,
                                    Scratch& scratch) const;
  struct State;
  std::unique_ptr<State> state_;
};

extern template class ChangedSlab<float>;
extern template class ChangedSlab<double>;

}  // namespace vitrobeam
