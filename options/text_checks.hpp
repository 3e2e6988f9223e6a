// What a text must look like to be read: for Parameter::reads() where options are defined. Every
// check throws Error{usage} that names the option.
#pragma once
#include <string>
#include <vector>

#include "options/quantity.hpp"
#include "options/settings.hpp"

namespace vitrobeam {

TextCheck a_pair(const std::string& unit);                    // "A,B"
TextCheck a_vector(const std::string& unit);                  // "X,Y,Z"
TextCheck a_direction();                                      // the same, not 0,0,0
TextCheck a_band(const std::string& unit);                    // "LOW,HIGH", 0 <= LOW < HIGH
TextCheck a_size();                                           // "N" or "NXxNY"
TextCheck a_box();                                            // "L" or "LXxLYxLZ", Angstrom
TextCheck numbers_in(const std::string& unit, Limits range);  // "a,b,c", no one twice
TextCheck numbers_in(const std::string& unit);                // in the range of the unit
TextCheck whole_numbers(int low, int high);                   // "4,6"
TextCheck names_of(const std::vector<std::string>& known);    // "NAME,NAME"
TextCheck one_name_of(const std::vector<std::string>& known);
TextCheck elements();                        // "Cu,Zr"
TextCheck an_element();                      // "Cu"
TextCheck a_composition();                   // "Cu64.5Zr35.5"
TextCheck displacements(bool may_be_model);  // "0.085", "Cu=0.08,.." or "model"
TextCheck a_rectangle();                     // "all" or "R1,C1,R2,C2"
TextCheck raw_samples();                     // "TYPE:COLSxROWS[+OFFSET]"

}  // namespace vitrobeam
